import { useRef, type FormEvent, type RefObject } from 'react';
import { Problem } from '../../api/problem';
import { readNumber } from '../../format/number';
import { useDeed } from '../../parts/useDeed';
import { t } from '../../text/t';

interface Form {
  form: RefObject<HTMLFormElement | null>;
  busy: boolean;
  problem: Problem | null;
  errors: Readonly<Record<string, string[]>>;
  /** Runs the deed of a form: one at a time, and what went wrong stands beside its field, which gets the focus. */
  submit: (deed: () => Promise<void>) => (event: FormEvent) => void;
}

export function useForm(): Form {
  const form = useRef<HTMLFormElement>(null);
  const { busy, problem, run } = useDeed();
  const act = async (deed: () => Promise<void>): Promise<void> => {
    if (!await run('deed', deed))
      requestAnimationFrame(() => form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus());
  };

  return {
    form, busy: busy !== null, problem, errors: problem?.errors ?? {},
    submit: (deed) => (event) => {
      event.preventDefault();
      if (busy === null) void act(deed);
    },
  };
}

/** A mistake that can be told without asking the server, in the shape of its answers. */
export function mistake(errors: Record<string, string>): Problem | null {
  const said = Object.entries(errors);
  return said.length === 0 ? null : new Problem('invalid-request', 400, said[0]?.[1] ?? '', Object.fromEntries(said.map(([field, text]) => [field, [text]])));
}

/** @throws Problem of all those fields in which no number stands: nothing is made up for them, and above all not 0. */
export function numbersOf<Field extends string>(typed: Record<Field, string>): Record<Field, number> {
  const read = (Object.entries(typed) as [Field, string][]).map(([field, text]) => [field, readNumber(text)] as const);
  const wrong = mistake(Object.fromEntries(read.filter(([, number]) => number === null).map(([field]) => [field, t('field.number')])));
  if (wrong !== null) throw wrong;
  return Object.fromEntries(read) as Record<Field, number>;
}
