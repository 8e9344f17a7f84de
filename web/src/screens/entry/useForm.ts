import { useRef, type FormEvent, type RefObject } from 'react';
import { Problem } from '../../api/problem';
import { useDeed } from '../../parts/useDeed';

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
