/** A pass shown in one tab can be held before the scanner of a virtual bank in another: the text, or null when it is not shown any more. */
export const passChannel = 'latchkey-shown-pass';

/** A phone in one tab can be held to the reader of a virtual bank in another. */
export const phoneChannel = 'latchkey-phone';

/** Bank to phone: is somebody there, and what to sign. Phone to bank: here, and the proof. */
export type PhoneTalk = { say: 'who' } | { say: 'here' } | { say: 'gone' } | { say: 'sign'; nonce: string } | { say: 'proof'; proof: import('./phoneKey').PhoneProof };
