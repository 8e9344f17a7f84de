import { useRef } from 'react';
import type { Change } from '../../../api/changes';
import { Intent } from '../../../api/intent';
import { toCheckout } from '../../../app/router';
import { useDeed } from '../../../parts/useDeed';

/** Asks for a change once, however often the button is pressed, and leads to its checkout; `done` where there is nothing to pay. */
export function usePaying(ask: (key: string) => Promise<Change>, done: () => void) {
  const { busy, problem, forget, run } = useDeed();
  const intent = useRef(new Intent());
  const pay = (): Promise<boolean> => run('deed', async () => {
    const { checkoutUrl } = await intent.current.run(ask);
    if (checkoutUrl === null) done();
    else toCheckout(checkoutUrl);
  });
  // Another choice is another request.
  return { busy: busy !== null, problem, pay: () => void pay(), anew: () => { intent.current = new Intent(); forget(); } };
}
