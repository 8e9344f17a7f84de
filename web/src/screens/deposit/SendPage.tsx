import { useRef, useState } from 'react';
import { ArrowLeft, PackagePlus } from 'lucide-react';
import { readAddress } from '../../api/accounts';
import { deposits, type DepositWish, type Payer } from '../../api/deposits';
import { api } from '../../api/endpoints';
import { Intent } from '../../api/intent';
import { sizes, type Size } from '../../api/types';
import { useResource } from '../../api/useResource';
import { Link } from '../../app/Link';
import { Page } from '../../app/Page';
import { go } from '../../app/router';
import { money, times } from '../../format/money';
import { Button } from '../../parts/Button';
import { Chips } from '../../parts/Chips';
import { Field } from '../../parts/Field';
import { freeAt } from '../../parts/siteState';
import { sizeFits, sizeName } from '../../parts/sizeWords';
import { Skeleton } from '../../parts/Skeleton';
import { Trouble } from '../../parts/Trouble';
import { t } from '../../text/t';
import { mistake, useForm } from '../entry/useForm';
import { Missing } from '../missing/Missing';
import { HoursChoice } from '../site/HoursChoice';
import './Deposit.css';

/** A sender says what is to be left for whom, who pays, and for how long at most. */
export function SendPage({ siteId }: { siteId: string }) {
  const { data: site, problem: unread, reload } = useResource(`site/${siteId}`, (signal) => api.site(siteId, signal));
  const { form, busy, problem, errors, submit } = useForm();
  const [size, setSize] = useState<Size | null>(null);
  const [address, setAddress] = useState('');
  const [name, setName] = useState('');
  const [pays, setPays] = useState<Payer>('sender');
  const [hours, setHours] = useState(24);
  const intent = useRef(new Intent());

  if (site === null) {
    if (unread?.status === 404) return <Missing what={t('missing.site')} />;
    return <Page title={t('send.title')} className="narrow stack">{unread === null ? <Skeleton rows={3} height={140} /> : <Trouble problem={unread} retry={reload} />}</Page>;
  }
  // A larger one does as well: what is offered is what something free fits into.
  const free = (least: Size): number => freeAt(site, least);
  const price = site.storagePerHour;
  const chosen = size ?? sizes.find((each) => free(each) > 0) ?? 'S';

  const deed = async (): Promise<void> => {
    const known = readAddress(address);
    if (known === null) throw mistake({ address: t('field.addressWrong') })!;
    const wish: DepositWish = {
      siteId, size: chosen, pays, hours, ...(name.trim() === '' ? {} : { receiverName: name.trim() }),
      ...('email' in known && known.email !== undefined ? { receiverEmail: known.email } : {}), ...('phone' in known && known.phone !== undefined ? { receiverPhone: known.phone } : {}),
    };
    const deposit = await intent.current.run((key) => deposits.make(wish, key), JSON.stringify(wish));
    go(`/deposits/${deposit.id}`, { replace: true });
  };
  const wrong = errors['address'] ?? errors['receiverEmail'] ?? errors['receiverPhone'];
  return (
    <Page title={t('send.title')} heading={<><Link href={`/site/${siteId}`} className="back" aria-label={t('site.back')}><ArrowLeft size={22} aria-hidden="true" /></Link><span>{t('send.title')}</span></>} className="narrow stack">
      <p className="quiet">{site.name}<br />{t('send.text')}</p>
      <form ref={form} className="stack" noValidate onSubmit={submit(deed)}>
        <section className="panel send-part" aria-labelledby="send-for">
          <h2 id="send-for">{t('send.receiver')}</h2>
          <Field
            label={t('send.address')} name="receiver" autoComplete="off" inputMode="email" autoCapitalize="none" spellCheck={false} maxLength={254} required
            hint={t('send.addressHint')} value={address} errors={wrong} onChange={(event) => setAddress(event.target.value)}
          />
          <Field label={t('send.name')} name="receiverName" autoComplete="off" maxLength={80} hint={t('send.nameHint')} value={name} errors={errors['receiverName']} onChange={(event) => setName(event.target.value)} />
        </section>
        <section className="panel send-part" aria-labelledby="send-size">
          <h2 id="send-size">{t('send.size')}</h2>
          <Chips label={t('send.size')} value={chosen} onChoose={setSize} chips={sizes.filter((each) => free(each) > 0).map((each) => ({ value: each, text: sizeName(each) }))} />
          <p className="small quiet">{free(chosen) === 0 ? t('send.noneFree') : sizeFits(chosen)}</p>
        </section>
        <section className="panel send-part" aria-labelledby="send-pays">
          <h2 id="send-pays">{t('send.pays')}</h2>
          <Chips label={t('send.pays')} value={pays} onChoose={setPays} chips={[{ value: 'sender', text: t('send.iPay') }, { value: 'receiver', text: t('send.theyPay') }]} />
          <HoursChoice value={hours} onChoose={setHours} />
          <p className="small">
            {price.minor === 0 ? t('send.free') : <>{t('send.price', { price: money(price) })} {pays === 'sender' ? t('send.reserve', { amount: money(times(price, hours)), hours }) : t('send.theyPayText')}</>}
          </p>
        </section>
        {!site.openNow && <p className="booking-note">{t('send.closed')}</p>}
        {problem !== null && wrong === undefined && <Trouble problem={problem} />}
        <Button type="submit" look="primary" wide busy={busy} disabled={free(chosen) === 0} icon={<PackagePlus size={22} aria-hidden="true" />}>{t('send.deed')}</Button>
      </form>
    </Page>
  );
}
