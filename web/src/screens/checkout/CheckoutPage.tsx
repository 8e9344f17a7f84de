import { useEffect, useState } from 'react';
import { CircleX, FlaskConical, LockKeyhole } from 'lucide-react';
import { api } from '../../api/endpoints';
import { asProblem, type Problem } from '../../api/problem';
import type { Checkout } from '../../api/types';
import { useResource } from '../../api/useResource';
import { go, safePath, useAddress } from '../../app/router';
import { money } from '../../format/money';
import { Button, ButtonLink } from '../../parts/Button';
import { Skeleton } from '../../parts/Skeleton';
import { Trouble } from '../../parts/Trouble';
import { t } from '../../text/t';
import { CardChoice } from './CardChoice';
import './CheckoutPage.css';

/** The sandbox provider's hosted page. It belongs to another party and looks it: no Latchkey frame, other colours. */
export function CheckoutPage({ token }: { token: string }) {
  const back = safePath(useAddress().searchParams.get('return'), '/');
  const { data, problem, reload } = useResource(`checkout/${token}`, (signal) => api.checkout(token, signal));
  useEffect(() => {
    document.title = t('checkout.page');
  }, []);
  return (
    <div className="checkout">
      <header className="checkout-sandbox"><FlaskConical size={18} aria-hidden="true" /><p>{t('checkout.sandbox')}</p></header>
      <main id="main" className="checkout-sheet">
        <p className="checkout-brand"><LockKeyhole size={20} aria-hidden="true" />{t('checkout.brand')}</p>
        {data === null && (problem === null
          ? <><h1>{t('checkout.page')}</h1><Skeleton rows={3} height={88} /></>
          : problem.status === 404 ? <Over title={t('checkout.unknown')} back={back} /> : <><h1>{t('checkout.page')}</h1><Trouble problem={problem} retry={reload} /></>)}
        {data !== null && data.state === 'open' && <Pay checkout={data} token={token} back={back} onStale={reload} />}
        {data !== null && data.state === 'done' && <Over title={t('checkout.done')} back={back} />}
        {data !== null && data.state === 'expired' && <Over title={t('checkout.expired')} back={back} />}
      </main>
    </div>
  );
}

interface PayProps { checkout: Checkout; token: string; back: string; onStale: () => void }

function Pay({ checkout, token, back, onStale }: PayProps) {
  const [card, setCard] = useState(checkout.cards[0]?.number ?? '');
  const [busy, setBusy] = useState(false);
  const [declined, setDeclined] = useState<string | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const amount = money(checkout.amount);

  const pay = async (): Promise<void> => {
    setBusy(true);
    setDeclined(null);
    setProblem(null);
    try {
      const result = await api.payByCard(token, card);
      if (result.state === 'authorised') return go(safePath(result.returnUrl, back), { replace: true });
      setDeclined(result.reason ?? t('checkout.declined'));
      onStale();
    } catch (error) {
      setProblem(asProblem(error));
      onStale();
    }
    setBusy(false);
  };

  return (
    <form onSubmit={(event) => { event.preventDefault(); if (!busy) void pay(); }}>
      <div className="checkout-what">
        <p className="quiet">{checkout.merchant}</p>
        <h1 className="num">{amount}</h1>
        <p>{checkout.description}</p>
      </div>
      <CardChoice cards={checkout.cards} value={card} onChoose={setCard} />
      <div role="alert">{declined !== null && <p className="checkout-declined"><CircleX size={20} aria-hidden="true" /><span>{t('checkout.declinedWhy', { reason: declined })}</span></p>}</div>
      {problem !== null && <Trouble problem={problem} />}
      <Button type="submit" look="primary" wide busy={busy}>{t('checkout.pay', { amount })}</Button>
      <ButtonLink look="text" href={back}>{t('checkout.back')}</ButtonLink>
    </form>
  );
}

function Over({ title, back }: { title: string; back: string }) {
  return (
    <div className="checkout-over">
      <h1>{title}</h1>
      <ButtonLink look="primary" wide href={back}>{t('checkout.return')}</ButtonLink>
    </div>
  );
}
