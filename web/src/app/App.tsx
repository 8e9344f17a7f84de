import { lazy, Suspense, useEffect, type ReactNode } from 'react';
import type { Person } from '../api/types';
import { Skeleton } from '../parts/Skeleton';
import { AccountPage } from '../screens/account/AccountPage';
import { EntryPage } from '../screens/entry/EntryPage';
import { HistoryPage } from '../screens/history/HistoryPage';
import { Home } from '../screens/home/Home';
import { LeasePage } from '../screens/lease/LeasePage';
import { ChoicesPage } from '../screens/messages/ChoicesPage';
import { MessagesPage } from '../screens/messages/MessagesPage';
import { Missing } from '../screens/missing/Missing';
import { ReceiptPage } from '../screens/receipt/ReceiptPage';
import { SitePage } from '../screens/site/SitePage';
import { usePerson } from '../session/useSession';
import { Broken } from './Broken';
import { useLanguage } from './language';
import { go, useAddress } from './router';
import { Shell } from './Shell';

// Other people's pages, and those of locks: most customers do not need them, and do not carry them along.
const BankPage = lazy(() => import('../screens/bank/BankPage').then((part) => ({ default: part.BankPage })));
const OutboxPage = lazy(() => import('../screens/outbox/OutboxPage').then((part) => ({ default: part.OutboxPage })));
const Console = lazy(() => import('../console/Console').then((part) => ({ default: part.Console })));
const LockPage = lazy(() => import('../screens/lock/LockPage').then((part) => ({ default: part.LockPage })));
const LocksPage = lazy(() => import('../screens/lock/LocksPage').then((part) => ({ default: part.LocksPage })));
const RegisterPage = lazy(() => import('../screens/lock/RegisterPage').then((part) => ({ default: part.RegisterPage })));
const KeypadPage = lazy(() => import('../screens/keypad/KeypadPage').then((part) => ({ default: part.KeypadPage })));
const SharedPage = lazy(() => import('../screens/shared/SharedPage').then((part) => ({ default: part.SharedPage })));
const SendPage = lazy(() => import('../screens/deposit/SendPage').then((part) => ({ default: part.SendPage })));
const DepositPage = lazy(() => import('../screens/deposit/DepositPage').then((part) => ({ default: part.DepositPage })));
const CollectPage = lazy(() => import('../screens/deposit/CollectPage').then((part) => ({ default: part.CollectPage })));
const CodePage = lazy(() => import('../screens/deposit/CodePage').then((part) => ({ default: part.CodePage })));
const CheckoutPage = lazy(() => import('../screens/checkout/CheckoutPage').then((part) => ({ default: part.CheckoutPage })));

export function App() {
  const { pathname, search } = useAddress();
  const language = useLanguage();
  const [, head = '', id = ''] = pathname.split('/');
  const waiting = <div className="page"><Skeleton rows={3} height={120} /></div>;
  // These two have no frame around them; when a part of them cannot be fetched there is still something to press.
  if (head === 'checkout' && id !== '') return <Broken key={pathname}><Suspense fallback={waiting}><CheckoutPage token={id} /></Suspense></Broken>;
  if (head === 'console') return <Broken key={head}><Suspense fallback={waiting}><SignedIn key={language}>{(person) => <Console person={person} />}</SignedIn></Suspense></Broken>;
  return (
    // A new language draws everything anew; a new page gets a new chance after a failure.
    <Shell key={language}>
      <Broken key={pathname}><Suspense fallback={waiting}>{screen(pathname, search)}</Suspense></Broken>
    </Shell>
  );
}

function screen(pathname: string, search: string): ReactNode {
  const [, head = '', id = '', extra] = pathname.split('/');
  if (extra !== undefined && extra !== '') return <Missing />;
  if (id === '') {
    switch (head) {
      case '': return <Home />;
      case 'login': case 'signup': case 'forgot': return <EntryPage key={head} kind={head} />;
      case 'history': return <SignedIn>{(person) => <HistoryPage key={person.id} />}</SignedIn>;
      case 'account': return <SignedIn>{(person) => <AccountPage person={person} />}</SignedIn>;
      case 'messages': return <SignedIn>{(person) => <MessagesPage key={person.id} />}</SignedIn>;
      case 'locks': return <SignedIn>{(person) => <LocksPage key={person.id} />}</SignedIn>;
      case 'outbox': return <OutboxPage />;
      case 'collect': return <CollectPage key={location.hash} />;
      case 'shared': return <SharedPage key={location.hash} />;
      default: return <Missing />;
    }
  }
  if (head === 'messages' && id === 'choices') return <SignedIn>{(person) => <ChoicesPage key={person.id} />}</SignedIn>;
  if (head === 'locks' && id === 'register') return <SignedIn>{() => <RegisterPage />}</SignedIn>;
  if (head === 'admin' && ['locks', 'tickets', 'places', 'messages'].includes(id)) return <Elsewhere to={`/console/${id}`} />;
  const name = decoded(id);
  if (name === null) return <Missing />;
  switch (head) {
    case 'site': return <SitePage key={name} siteId={name} />;
    case 'keypad': return <KeypadPage key={name} bankId={name} />;
    case 'visits': return <Elsewhere to={`/console/visits?site=${encodeURIComponent(name)}`} />;
    case 'bank': return <BankPage key={name} bankId={name} />;
    case 'lease': return <SignedIn key={name + search}>{() => <LeasePage leaseId={name} />}</SignedIn>;
    case 'locks': return <SignedIn key={name}>{() => <LockPage lockId={name} />}</SignedIn>;
    case 'send': return <SignedIn key={name}>{() => <SendPage siteId={name} />}</SignedIn>;
    case 'deposits': return <SignedIn key={name}>{() => <DepositPage depositId={name} />}</SignedIn>;
    case 'collect': return <CodePage key={name} lockerId={name} />;
    case 'receipt': return <SignedIn key={name}>{() => <ReceiptPage leaseId={name} />}</SignedIn>;
    default: return <Missing />;
  }
}

/** What stands in an address, or null where nobody can read it: "/site/%". */
function decoded(part: string): string | null {
  try {
    return decodeURIComponent(part);
  } catch {
    return null;
  }
}

/** A page that has another address now; old links go on to work. */
function Elsewhere({ to }: { to: string }) {
  useEffect(() => go(to, { replace: true }), [to]);
  return null;
}

/** Pages about somebody's own things: who is not signed in goes there first, and comes back here. */
function SignedIn({ children }: { children: (person: Person) => ReactNode }) {
  const person = usePerson();
  useEffect(() => {
    if (person === null) go(`/login?next=${encodeURIComponent(location.pathname + location.search)}`, { replace: true });
  }, [person]);
  return person === null ? null : children(person);
}
