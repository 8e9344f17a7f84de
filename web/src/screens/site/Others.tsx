import { Hash, IdCard } from 'lucide-react';
import type { Site } from '../../api/types';
import { Link } from '../../app/Link';
import { ButtonLink } from '../../parts/Button';
import { usePerson } from '../../session/useSession';
import { t, tn } from '../../text/t';
import { VirtualBankLink } from './VirtualBankLink';
import './Others.css';

/** Lockers of this site that are not rented by the hour: with a phone number and a code; and for staff, who visits. */
export function Others({ site }: { site: Site }) {
  const person = usePerson();
  const staff = person?.role === 'operator' || person?.role === 'admin';
  return (
    <>
      {site.keypads.length > 0 && (
        <section className="panel site-others" aria-labelledby="keypads">
          <h2 id="keypads">{t('site.keypads')}</h2>
          <p className="quiet">{t('site.keypadsText')}</p>
          <ul>
            {site.keypads.map((bank) => (
              <li key={bank.id}>
                <Link href={`/keypad/${bank.id}`}><Hash size={18} aria-hidden="true" /> {bank.name}</Link>
                <span className="small quiet">{bank.free === 0 ? t('site.keypadNone') : tn('site.keypadFree', bank.free)}</span>
                <VirtualBankLink bankId={bank.id} />
              </li>
            ))}
          </ul>
        </section>
      )}
      {site.visits && staff && <p><ButtonLink href={`/console/visits?site=${site.id}`} icon={<IdCard size={20} aria-hidden="true" />}>{t('site.visits')}</ButtonLink></p>}
    </>
  );
}
