/** Looking for a place: what it must have, and when it must be open. */
export const findEn = {
  'find.must': 'It must have',
  'find.now': 'Open now',
  'find.always': 'Open day and night',
  'find.power': 'Power socket',
  'find.cooled': 'Cooled',
  'find.powerHint': 'To charge a phone or a laptop inside',
  'find.cooledHint': 'For food and medicine',
  'find.noneSuch': 'No locker like that is free right now. Ask for less, or try a place close by.',
} as const;
