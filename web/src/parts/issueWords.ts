import { coded } from '../text/t';

/** What a device says is wrong with it, in words. */
export function issueWords(issue: string): string {
  return issue.split(' ').map((word) => coded('lock.issue', word)).join(', ');
}
