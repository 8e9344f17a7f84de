import { type ReactNode, useEffect, useState } from 'react';
import { CircleX, FlaskConical, Hourglass, LockKeyhole, ShieldQuestion } from 'lucide-react';
import { api } from '../../api/endpoints';
import type { Checkout, CheckoutResult } from '../../api/types';
import { useResource } from '../../api/useResource';
import { go, safePath, useAddress } from '../../app/router';
import { money } from '../../format/money';
import { Button, ButtonLink } from '../../parts/Button';
import { Skeleton } from '../../parts/Skeleton';
import { Trouble } from '../../parts/Trouble';
import { useDeed } from '../../parts/useDeed';
import { useFollowed } from '../../parts/useFollowed';
import { t } from '../../text/t';
import { CardChoice } from './CardChoice';
import './CheckoutPage.css';

/** The sandbox provider's hosted page. It belongs to another party and looks it: no Latchkey frame, other colours. */
export function CheckoutPage({ token }: { token: string }) {
  const back = safePath(useAddress().searchParams.get('return'), '/');
  const { data, problem, reload, again } = useResource(`checkout/${token}`, (signal) => api.checkout(token, signal));
  const [lost, setLost] = useState(false);
  useEffect(() => {
    document.title = t('checkout.page');
  }, []);
  const thinking = data?.state === 'processing';
  useFollowed(thinking, again, 2000);
  return (
    <div className="checkout">
      <header className="checkout-sandbox"><FlaskConical size={18} aria-hidden="true" /><p>{t('checkout.sandbox')}</p></header>
      <main id="main" className="checkout-sheet">
        <p className="checkout-brand"><LockKeyhole size={20} aria-hidden="true" />{t('checkout.brand')}</p>
        {data === null && (problem === null
          ? <><h1>{t('checkout.page')}</h1><Skeleton rows={3} height={88} /></>
          : problem.status === 404 ? <Over title={t('checkout.unknown')} back={back} /> : <><h1>{t('checkout.page')}</h1><Trouble problem={problem} retry={reload} /></>)}
        {lost && <Over title={t('checkout.lost')} text={t('checkout.lostText')} back={back} />}
        {!lost && data !== null && (data.state === 'open' || data.state === 'challenge') && <Pay checkout={data} token={token} back={back} onStale={reload} onLost={() => setLost(true)} />}
        {!lost && thinking && <Over icon={<Hourglass size={28} aria-hidden="true" />} title={t('checkout.thinking')} text={t('checkout.thinkingText')} back={back} />}
        {!lost && data?.state === 'done' && <Over title={t('checkout.done')} back={back} />}
        {!lost && data?.state === 'expired' && <Over title={t('checkout.expired')} back={back} />}
      </main>
    </div>
  );
}

interface PayProps { checkout: Checkout; token: string; back: string; onStale: () => void; onLost: () => void }

function Pay({ checkout, token, back, onStale, onLost }: PayProps) {
  const [card, setCard] = useState(checkout.cards[0]?.number ?? '');
  const { busy, problem, run } = useDeed<'yes' | 'no'>();
  const [declined, setDeclined] = useState<string | null>(null);
  const amount = money(checkout.amount);
  const asked = checkout.state === 'challenge';

  const act = async (button: 'yes' | 'no', deed: () => Promise<CheckoutResult>): Promise<void> => {
    let over = false;
    setDeclined(null);
    await run(button, async () => {
      const result = await deed();
      over = result.state === 'authorised' || result.state === 'unknown';
      if (result.state === 'authorised') go(safePath(result.returnUrl, back), { replace: true });
      if (result.state === 'unknown') onLost();
      if (result.state === 'declined') setDeclined(result.reason);
    });
    if (!over) onStale();
  };

  return (
    <form onSubmit={(event) => { event.preventDefault(); if (busy === null) void act('yes', () => (asked ? api.answerChallenge(token, true) : api.payByCard(token, card))); }}>
      <div className="checkout-what">
        <p className="quiet">{checkout.merchant}</p>
        <h1 className="num">{amount}</h1>
        <p>{checkout.description}</p>
      </div>
      {asked
        ? (
          <div className="checkout-ask" role="status">
            <ShieldQuestion size={28} aria-hidden="true" />
            <div><h2>{t('checkout.ask')}</h2><p>{t('checkout.askText')}</p></div>
          </div>
        )
        : <CardChoice cards={checkout.cards} value={card} onChoose={setCard} />}
      <div role="alert">{declined !== null && <p className="checkout-declined"><CircleX size={20} aria-hidden="true" /><span>{t('checkout.declinedWhy', { reason: why(declined) })}</span></p>}</div>
      {problem !== null && <Trouble problem={problem} />}
      <Button type="submit" look="primary" wide busy={busy === 'yes'}>{asked ? t('checkout.approve', { amount }) : t('checkout.pay', { amount })}</Button>
      {asked && <Button wide busy={busy === 'no'} onClick={() => void act('no', () => api.answerChallenge(token, false))}>{t('checkout.reject')}</Button>}
      <ButtonLink look="text" href={back}>{t('checkout.back')}</ButtonLink>
    </form>
  );
}

/** A provider's word for a refusal in ours; one that is not known keeps to the plain truth. */
export function why(reason: string): string {
  switch (reason) {
    case 'insufficient-funds': return t('checkout.why.insufficient-funds');
    case 'challenge-failed': return t('checkout.why.challenge-failed');
    default: return t('checkout.why.card-declined');
  }
}

function Over({ title, text, icon, back }: { title: string; text?: string; icon?: ReactNode; back: string }) {
  return (
    <div className="checkout-over" role="status">
      {icon}
      <h1>{title}</h1>
      {text !== undefined && <p>{text}</p>}
      <ButtonLink look="primary" wide href={back}>{t('checkout.return')}</ButtonLink>
    </div>
  );
}
