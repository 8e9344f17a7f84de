import { useEffect, useRef, type ReactNode } from 'react';
import { Banknote, CircleDollarSign, CircleUserRound, DoorOpen, History, IdCard, KeyRound, Mail, MapPinned, TriangleAlert, Users, Wifi, Wrench } from 'lucide-react';
import type { Person } from '../api/types';
import { Link } from '../app/Link';
import { LiveDot } from '../parts/LiveDot';
import { Mark } from '../parts/Mark';
import { t, tn } from '../text/t';
import { consolePath } from './path';
import type { Work } from './sites';

interface FrameProps { person: Person; work: Work; here: string; children: ReactNode }

/** The console's frame: where one works, where one can go, and how many things wait for a person. */
export function Frame({ person, work, here, children }: FrameProps) {
  const admin = person.role === 'admin';
  const ways = useRef<HTMLElement>(null);
  // On a phone they are a strip wider than the screen: it begins where one is.
  useEffect(() => {
    ways.current?.querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'center' });
  }, [here]);
  const icon = { size: 18, 'aria-hidden': true } as const;
  const link = (name: string, drawn: ReactNode, text: string, count?: ReactNode): ReactNode => (
    <Link href={consolePath(name, work.site?.id)} aria-current={here === name ? 'page' : undefined} title={text}>{drawn}<span className="console-nav-text">{text}</span>{count}</Link>
  );
  return (
    <div className="console">
      <a className="skip" href="#main">{t('nav.skip')}</a>
      <div className="console-side">
        <Link href="/" className="console-home"><Mark /><span className="console-nav-text">Latchkey</span></Link>
        <nav ref={ways} aria-label={t('console.nav')}>
          {link('floor', <DoorOpen {...icon} />, t('console.floor'))}
          {link('alerts', <TriangleAlert {...icon} />, t('console.alerts'), work.alerts > 0 && (
            <b className="console-count"><span aria-hidden="true">{work.alerts > 99 ? '99+' : work.alerts}</span><span className="hidden">{tn('console.openAlerts', work.alerts)}</span></b>
          ))}
          {link('history', <History {...icon} />, t('console.history'))}
          {work.site?.visits === true && link('visits', <IdCard {...icon} />, t('console.visits'))}
          {link('desk', <Banknote {...icon} />, t('console.desk'))}
          {link('tickets', <Wrench {...icon} />, t('console.tickets'))}
          {link('devices', <Wifi {...icon} />, t('console.devices'))}
          {admin && (
            <>
              <hr />
              {link('people', <Users {...icon} />, t('console.people'))}
              {link('prices', <CircleDollarSign {...icon} />, t('console.prices'))}
              {link('places', <MapPinned {...icon} />, t('console.places'))}
              {link('locks', <KeyRound {...icon} />, t('console.locks'))}
              {link('messages', <Mail {...icon} />, t('console.messages'))}
            </>
          )}
        </nav>
        <div className="console-who">
          {work.sites !== null && work.sites.length > 0 && (
            <label className="console-site">
              <span>{t('console.site')}</span>
              <select value={work.site?.id ?? ''} onChange={(event) => work.choose(event.target.value)}>
                {work.sites.map((site) => <option key={site.id} value={site.id}>{site.name}{site.alerts > 0 ? ` (${site.alerts})` : ''}</option>)}
              </select>
            </label>
          )}
          <Link href="/account" className="console-me"><CircleUserRound {...icon} /><span className="console-nav-text">{person.name}<br /><span className="quiet">{t(`console.role.${person.role}`)}</span></span></Link>
        </div>
      </div>
      <main id="main" tabIndex={-1}><div className="console-live"><LiveDot /></div>{children}</main>
    </div>
  );
}
