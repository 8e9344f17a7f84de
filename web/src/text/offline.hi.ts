import type { offlineEn } from './offline.en';

export const offlineHi: Record<keyof typeof offlineEn, string> = {
  'offline.since': 'जो दिख रहा है वह {time} का है। तब से बदल गया हो सकता है।',
  'offline.passTitle': 'आपका पास बिना नेटवर्क के भी चलता है',
  'offline.passText': 'इसे बैंक के रीडर को दिखाएँ। यह {made} बना और {until} तक चलेगा।',
  'offline.noPass': 'इस फ़ोन पर कोई पास नहीं है। नेटवर्क हो तब ज़रूरत से पहले यह पेज एक बार खोल लें।',
  'offline.install': 'Latchkey को इस डिवाइस पर रखें',
  'offline.installText': 'फिर यह हर ऐप की तरह खुलता है, और आपके लॉकर और पास बिना नेटवर्क के समय के लिए रखता है।',
};
