/** A door is ordered and waited for a moment; what comes later the live feed tells, or the page asks. */
export const aMoment = { headers: { Prefer: 'wait=5' }, timeout: 20_000 };

/** Who has neither an account nor a link can ask no second time: this one answer says what became of the order, which is known within 15 s. */
export const toTheEnd = { headers: { Prefer: 'wait=15' }, timeout: 25_000 };
