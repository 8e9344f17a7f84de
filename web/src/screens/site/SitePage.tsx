import { useRef } from 'react';
import { ArrowLeft, PackagePlus } from 'lucide-react';
import { api } from '../../api/endpoints';
import { useResource } from '../../api/useResource';
import { Link } from '../../app/Link';
import { Page } from '../../app/Page';
import { keepQuery, useAddress } from '../../app/router';
import type { Heard } from '../../live/page';
import { useLive } from '../../live/useLive';
import { ButtonLink } from '../../parts/Button';
import { BankDoors } from '../../parts/BankDoors';
import { Skeleton } from '../../parts/Skeleton';
import { Trouble } from '../../parts/Trouble';
import { t } from '../../text/t';
import { Missing } from '../missing/Missing';
import { Booking } from './Booking';
import { readChoice } from './choice';
import { notYetIn, patched } from './live';
import { Nearby } from './Nearby';
import { Others } from './Others';
import { SiteFacts } from './SiteFacts';
import { VirtualBankLink } from './VirtualBankLink';
import './SitePage.css';

/** More does not happen at one place while one answer is on its way. */
const most = 200;

export function SitePage({ siteId }: { siteId: string }) {
  const { searchParams } = useAddress();
  // An answer that was on its way while doors moved is older than what was heard meanwhile: that is put onto it again.
  const lately = useRef<Heard[]>([]);
  const { data: site, problem, reload, put, at } = useResource(`site/${siteId}`, async (signal) => {
    const read = await api.site(siteId, signal);
    lately.current = notYetIn(read, lately.current);
    return lately.current.reduce(patched, read);
  });
  useLive({ sites: [siteId] }, (heard) => {
    if (heard.event === 'resync') return reload();
    lately.current = [...lately.current.slice(-most), heard];
    put((known) => patched(known, heard));
    // Of those without an account only their number is shown, and no event says it.
    if (heard.event === 'availability' && site?.keypads.some((keypad) => keypad.id === heard.bankId)) reload();
  });

  if (site === null) {
    if (problem?.status === 404) return <Missing what={t('missing.site')} />;
    return <Page title={t('site.title')} className="stack">{problem === null ? <Skeleton rows={3} height={140} /> : <Trouble problem={problem} retry={reload} />}</Page>;
  }

  const choice = readChoice(searchParams, site);
  return (
    <Page title={site.name} heading={<><Link href={`/?city=${encodeURIComponent(site.city)}`} className="back" aria-label={t('site.back')}><ArrowLeft size={22} aria-hidden="true" /></Link><span>{site.name}</span></>} className="site">
      <div className="site-head"><SiteFacts site={site} /></div>
      {problem !== null && <Trouble problem={problem} retry={reload} since={at} />}
      <Booking site={site} choice={choice} onStale={reload} />
      <section className="site-banks" aria-labelledby="doors">
        <div>
          <h2 id="doors">{t('site.doors')}</h2>
          <p className="small quiet">{t('site.doorsHint')}</p>
        </div>
        {site.banks.length === 0 && <p className="quiet">{t('site.noBanks')}</p>}
        {site.banks.map((bank) => (
          <BankDoors
            key={bank.id} bank={bank} beside={<VirtualBankLink bankId={bank.id} />} chosen={choice.lockerId}
            onLocker={(locker) => keepQuery(locker.id === choice.lockerId ? { locker: null } : { locker: locker.id, size: locker.size })}
          />
        ))}
      </section>
      {site.banks.length > 0 && <div><ButtonLink href={`/send/${site.id}`} icon={<PackagePlus size={20} aria-hidden="true" />}>{t('send.start')}</ButtonLink></div>}
      <Others site={site} />
      <Nearby site={site} size={choice.size} />
    </Page>
  );
}
