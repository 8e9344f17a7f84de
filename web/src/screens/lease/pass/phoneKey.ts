import { decodeBase45 } from './base45';

/**
 * This browser's own key for passes that only it can use. The private half cannot be read out of the browser, not even by this page; it is kept
 * until the browser's data are cleared.
 */
export async function phoneKey(): Promise<CryptoKeyPair> {
  const db = await opened();
  const known = await done<CryptoKeyPair | undefined>(db.transaction('keys').objectStore('keys').get('phone'));
  if (known !== undefined) return known;
  const made = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign']);
  await done(db.transaction('keys', 'readwrite').objectStore('keys').put(made, 'phone'));
  return made;
}

/** The public half: an uncompressed point of 65 bytes. */
export async function pointOf(pair: CryptoKeyPair): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey));
}

/** What a bank asks for over NFC or BLE: the pass, the key, and the signature over the bank's nonce, each in base64url. */
export interface PhoneProof { token: string; key: string; nonce: string; signature: string }

export async function prove(pair: CryptoKeyPair, pass: string, nonce: string): Promise<PhoneProof> {
  const token = decodeBase45(pass.replace(/^LK1:/, ''));
  if (token === null || token.length !== 124) throw new Error('The pass is not bound to a phone.');
  // docs/protocol.md: the domain, the nonce, then bank and compartment, then the pass's name.
  const said = new Uint8Array([...new TextEncoder().encode('LK-HOP-1'), ...fromBase64Url(nonce), ...token.slice(2, 8), ...token.slice(20, 28)]);
  const signature = new Uint8Array(await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, pair.privateKey, said));
  return { token: toBase64Url(token), key: toBase64Url(await pointOf(pair)), nonce, signature: toBase64Url(signature) };
}

export function toBase64Url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes)).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
}

function fromBase64Url(text: string): Uint8Array {
  return Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), (c) => c.charCodeAt(0));
}

function opened(): Promise<IDBDatabase> {
  const request = indexedDB.open('latchkey-phone', 1);
  request.onupgradeneeded = () => request.result.createObjectStore('keys');
  return done(request);
}

function done<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error('The browser keeps nothing for this page.'));
  });
}
