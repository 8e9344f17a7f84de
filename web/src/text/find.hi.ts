import type { findEn } from './find.en';

export const findHi: Record<keyof typeof findEn, string> = {
  'find.must': 'यह होना चाहिए',
  'find.now': 'अभी खुला',
  'find.always': 'दिन-रात खुला',
  'find.power': 'बिजली सॉकेट',
  'find.cooled': 'ठंडा',
  'find.powerHint': 'अंदर फ़ोन या लैपटॉप चार्ज करने के लिए',
  'find.cooledHint': 'खाने और दवा के लिए',
  'find.noneSuch': 'ऐसा कोई लॉकर अभी खाली नहीं है। कम माँगें, या पास की जगह देखें।',
};
