/** Without a network, and kept on the phone. */
export const offlineEn = {
  'offline.since': 'What you see is from {time}. It may have changed since.',
  'offline.passTitle': 'Your pass works without a network',
  'offline.passText': 'Show it to the reader of the bank. It was made {made} and lasts until {until}.',
  'offline.noPass': 'There is no pass on this phone. With a network, open this page once before you need it.',
  'offline.install': 'Put Latchkey on this device',
  'offline.installText': 'It then opens like any app, and keeps your lockers and passes for a time without a network.',
} as const;
