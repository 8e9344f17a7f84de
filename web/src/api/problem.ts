import { fieldFault, refusal, t } from '../text/t';

/** A refusal or failure, in words a person can read; `code` is what the program decides by. */
export class Problem extends Error {
  override readonly name = 'Problem';

  constructor(
    readonly code: string,
    readonly status: number,
    readonly detail: string,
    readonly errors: Readonly<Record<string, string[]>> = {},
    readonly retryAfter: number | null = null,
  ) {
    super(detail);
  }

  /** Whether asking again could help without anything else changing. */
  get passing(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

export function unreachable(): Problem {
  return new Problem('unreachable', 0, navigator.onLine ? t('problem.unreachable') : t('problem.offline'));
}

export function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  return new Problem('unexpected', 0, t('problem.unexpected'));
}

interface ProblemBody { code?: string; detail?: string; title?: string; errors?: Record<string, string[]> }

export async function readProblem(response: Response): Promise<Problem> {
  const retryAfter = Number(response.headers.get('Retry-After')) || null;
  let body: ProblemBody = {};
  try {
    body = (await response.json()) as ProblemBody;
  } catch {
    // A proxy in between answers in its own words; the status is all there is to go by.
  }
  const fallback = response.status >= 500 ? t('problem.server') : t('problem.unexpected');
  const code = body.code ?? `http-${response.status}`;
  const errors = Object.fromEntries(Object.entries(body.errors ?? {}).map(([field, said]) => [field, fieldFault(said)]));
  return new Problem(code, response.status, refusal(code) ?? body.detail ?? body.title ?? fallback, errors, retryAfter);
}
