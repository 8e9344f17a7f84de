/** Shapes of the HTTP contract that several areas share; those of one area stand beside its calls. They are written by hand. */
export type Size = 'S' | 'M' | 'L' | 'XL';
export const sizes: readonly Size[] = ['S', 'M', 'L', 'XL'];
export type BySize<T> = Partial<Record<Size, T>>;

export interface Money { minor: number; currency: string }

export type Role = 'customer' | 'courier' | 'operator' | 'admin';
export interface Person { id: string; name: string; email: string | null; phone: string | null; role: Role; language: 'en' | 'hi' }
export interface Session { accessToken: string; accessTokenExpires: string; refreshToken: string; person: Person }

export interface Opening { day: number; opens: string; closes: string }

export interface SiteSummary {
  id: string; name: string; address: string; city: string; state: string;
  latitude: number; longitude: number; timeZone: string; currency: string;
  openingHours: Opening[]; openNow: boolean; lockers: number;
  free: BySize<number>; perHour: BySize<Money>; features: Feature[]; alwaysOpen: boolean; distanceMetres: number | null;
}
/** What a map is drawn with: pictures from an address, or nothing but distances. */
export interface MapDrawing { tiles: string | null; credit: string | null }
export interface CityCount { name: string; state: string; sites: number }
/** `cities` are those of all that match, whichever city was asked for. */
export interface SitePage { items: SiteSummary[]; next: string | null; total: number; cities: CityCount[] }

type Availability = 'free' | 'taken' | 'out-of-service';
export type Feature = 'reachable' | 'power' | 'cooled';
export const features: readonly Feature[] = ['reachable', 'power', 'cooled'];

/** Where a door is drawn in its cabinet. */
export interface Place { label: string; size: Size; column: number; row: number; rowSpan: number }
interface LockerFacts extends Place { id: string; number: number; features: Feature[] }
export interface Locker extends LockerFacts { availability: Availability }

export interface Bank {
  id: string; siteId: string; name: string; online: boolean | null; lastSeen: string | null;
  columns: number; lockers: Locker[];
  /** How its lockers are got; a gate has none. */
  mode: 'rental' | 'keypad' | 'visit' | 'gate';
  codeDigits: number;
}
export interface BankAtSite extends Bank { site: SiteSummary }

export interface Tariff {
  currency: string; perHour: BySize<Money>; capPerDay: BySize<Money>;
  freeMinutes: number; graceMinutes: number; overduePerHour: BySize<Money>; overdueCap: BySize<Money>;
  billing: 'running' | 'prepaid'; deposit: BySize<Money>; taxBasisPoints: number; warnMinutes: number; staffAfterHours: number;
}

export interface LockerAtPoint { id: string; number: number; label: string; size: Size; features: string[]; availability: 'free' | 'taken' | 'out-of-service'; bankId: string; bank: string; pointId: string; point: string; address: string; city: string; state: string; perHour: Money; storagePerHour: Money }

/** `keypads` need no account; with `visits` some lockers are got with a card; `storagePerHour` is what a deposit costs. */
export interface Site extends SiteSummary { banks: Bank[]; tariff: Tariff; asOf: string; keypads: { id: string; name: string; free: number }[]; visits: boolean; storagePerHour: Money }

export type LeaseState = 'held' | 'active' | 'overdue' | 'ended' | 'cancelled' | 'expired';
export type DoorState = 'closed' | 'open' | 'jammed' | 'unknown' | 'locked' | 'unlocked';
export type CommandState =
  | 'pending' | 'sent' | 'opened' | 'locked' | 'unlocked' | 'not-opened' | 'not-locked' | 'pulsed' | 'refused' | 'expired' | 'unknown' | 'unconfirmed';
export interface Command {
  id: string; leaseId: string; lockerId: string; kind: 'open' | 'lock' | 'unlock'; state: CommandState; final: boolean;
  reason: string | null; createdAt: string; expiresAt: string; settledAt: string | null;
}
export interface Payment {
  id: string; leaseId: string; state: 'pending' | 'processing' | 'authorised' | 'captured' | 'declined' | 'voided' | 'refunded';
  amount: Money; captured: Money | null; refunded: Money | null; createdAt: string;
  checkoutUrl: string | null; deskCode: string | null; declineReason: string | null; method: string | null;
}
export interface LeaseSite { id: string; name: string; address: string; city: string; timeZone: string }
interface LeaseLocker extends LockerFacts { neighbours: Place[]; columns: number }
export interface Lease {
  id: string; kind: 'rental'; state: LeaseState; createdAt: string;
  site: LeaseSite; bank: { id: string; name: string; online: boolean | null }; locker: LeaseLocker;
  holdUntil: string; hours: number; paidFrom: string | null; paidUntil: string | null; endedAt: string | null;
  tariff: Tariff; sizePriced: Size; quote: Money; soFar: Money; openedEver: boolean;
  door: { state: DoorState; since: string | null; occupied?: boolean | null };
  command: Command | null; payment: Payment | null;
  may: ('pay' | 'cancel' | 'open' | 'finish' | 'share' | 'extend' | 'swap' | 'report')[];
  /** Whether the bank itself holds this lease, so that a PIN opens the locker also when the bank is off line. */
  offline: { ready: boolean; pinSetAt: string | null; cards: { uid: string; least: CardLeast; clonable: boolean }[] };
  /** Price and deposit. */
  toAuthorise: Money;
  /** Whether staff at the place take money. */
  desk: boolean;
  /** The lease that a payment which came too late got instead. */
  replacedBy: string | null;
  /** Until when it opens once more after its end, while nobody else has it. */
  reopenUntil: string | null;
}
export interface LeasePage { items: Lease[]; next: string | null }
export interface HoldRequest { size: Size; hours: number; features?: Feature[]; lockerId?: string }

export interface Receipt {
  number: string; leaseId: string; site: LeaseSite; bank: { id: string; name: string }; lockerLabel: string; size: Size;
  from: string; until: string; startedHours: number; hours: number; lines: { kind: string; text: string; amount: Money }[];
  total: Money; tax: Money; taxBasisPoints: number; paid: Money; refunded: Money; reserved: Money; released: Money; beingTaken: Money; due: Money; method: string | null;
  events: { at: string; kind: string }[];
}

export interface SandboxCard { number: string; label: string; effect: string }
export interface Checkout {
  paymentId: string; merchant: string; description: string; amount: Money;
  state: 'open' | 'challenge' | 'processing' | 'done' | 'expired'; declineReason: string | null; expiresAt: string; cards: SandboxCard[];
}
export interface CheckoutResult { state: 'authorised' | 'declined' | 'challenge' | 'processing' | 'unknown'; reason: string | null; returnUrl: string }

export interface Demo { enabled: boolean; banks: { id: string; name: string; siteName: string }[] }
export interface CabinetDoor { number: number; open: boolean; jammed: boolean; relay: boolean; pulses: number; bolted: boolean | null; occupied: boolean }
/** The pixels are one digit each, an ink: nothing, text, good, attention, fault. */
export interface CabinetTerminal { width: number; height: number; coloured: boolean; pixels: string; words: string; lamp: 'Off' | 'Ready' | 'Good' | 'Bad'; tune: string; tunes: number }
export interface Cabinet {
  device: string; powered: boolean; connected: boolean; networked: boolean; doors: CabinetDoor[];
  tampered: boolean; supply: 'Present' | 'Absent' | 'Sagging'; batteryPercent: number | null; clockOffsetS: number; seq: number; terminal: CabinetTerminal;
}
export interface NewPin { pin: string; typeFirst: string }
export interface IssuedPass { text: string; name: string; uses: number; validUntil: string }
export interface CabinetMind { state: string | null; journal: string[]; credentials: string[] }
/** How sure a reader must be of a card before it opens anything. */
export type CardLeast = 'uid' | 'signed' | 'mutual';
export type CardAssurance = 'uidOnly' | 'signed' | 'mutual';

export type LiveEvent =
  | { event: 'availability'; siteId: string; bankId: string; lockerId: string; availability: Availability; at: string }
  | { event: 'bank'; siteId: string; bankId: string; online: boolean; at: string }
  | { event: 'floor'; siteId: string; bankId: string | null; lockerId: string | null; what: string; at: string }
  | { event: 'lease'; leaseId: string; siteId: string; what: string; at: string }
  | { event: 'door'; leaseId: string; lockerId: string; state: DoorState; at: string }
  | {
    event: 'command'; leaseId: string; lockerId: string; commandId: string;
    state: CommandState; reason: string | null; final: boolean; at: string;
  };

export type MessageChannel = 'app' | 'email' | 'push' | 'sms';
export type SentChannel = Exclude<MessageChannel, 'app'>;
export type MessageTopic = 'rentals' | 'deposits' | 'payments' | 'doors' | 'locks' | 'security' | 'staff';

export interface Message { id: string; kind: string; title: string; text: string; link: string | null; at: string; read: boolean }
export interface MessagePage { items: Message[]; next: string | null; unread: number }
export interface MessageChoice { kind: string; topic: MessageTopic; mayChoose: boolean; channels: MessageChannel[] }
export interface MessageChoices { available: MessageChannel[]; kinds: MessageChoice[] }
export interface Sent {
  id: string; kind: string; channel: SentChannel; to: string | null; language: string; title: string; text: string; link: string | null;
  state: 'waiting' | 'sent' | 'dead' | 'dropped'; reason: string | null; at: string;
}
export interface Undelivered { id: string; kind: string; channel: SentChannel; to: string | null; state: string; reason: string | null; attempts: number; createdAt: string; dueAt: string; expiresAt: string }
export interface UndeliveredPage { items: Undelivered[]; lastDay: { channel: MessageChannel; state: string; count: number }[] }

/** Who opened a locker and when. */
export interface CustodyEntry { id: string; at: string; what: string; by: 'you' | 'shared' | 'person' | 'credential' | 'lock' | 'latchkey'; name: string | null; reason: string | null; hash: string | null }
export interface Custody { leaseId: string; site: string; bank: string; locker: string; timeZone: string; complete: boolean; entries: CustodyEntry[] }
