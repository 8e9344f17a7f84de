import { useRef, useState } from 'react';
import type { Change } from '../../../api/changes';
import { Intent } from '../../../api/intent';
import { asProblem, type Problem } from '../../../api/problem';
import { go } from '../../../app/router';

/** Asks for a change once, however often the button is pressed, and leads to its checkout; `done` where there is nothing to pay. */
export function usePaying(ask: (key: string) => Promise<Change>, done: () => void) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const intent = useRef(new Intent());
  const pay = async (): Promise<void> => {
    setBusy(true);
    setProblem(null);
    try {
      const { checkoutUrl } = await intent.current.run(ask);
      if (checkoutUrl === null) done();
      else if (checkoutUrl.startsWith('/')) go(checkoutUrl);
      else location.assign(checkoutUrl);
    } catch (error) {
      setProblem(asProblem(error));
    }
    setBusy(false);
  };
  // Another choice is another request.
  return { busy, problem, pay: () => void pay(), anew: () => { intent.current = new Intent(); setProblem(null); } };
}
