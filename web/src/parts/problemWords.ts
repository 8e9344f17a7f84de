import type { ProblemKind } from '../api/changes';
import type { Plain } from '../text/t';

/** What is wrong with a locker, as customers report it and staff read it. */
export const problemWords: Record<ProblemKind, Plain> = { stuck: 'report.stuck', 'not-empty': 'report.notEmpty', dirty: 'report.dirty', broken: 'report.broken', other: 'report.other' };
