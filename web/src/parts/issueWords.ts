import { t } from '../text/t';

/** What a device says is wrong with it, in words; a word that is not known yet is shown as it is. */
export function issueWords(issue: string): string {
  return issue.split(' ').map((word) => {
    switch (word) {
      case 'no-power': return t('lock.issue.no-power');
      case 'tamper': return t('lock.issue.tamper');
      case 'battery-low': return t('lock.issue.battery-low');
      case 'safe-mode': return t('lock.issue.safe-mode');
      default: return word;
    }
  }).join(', ');
}
