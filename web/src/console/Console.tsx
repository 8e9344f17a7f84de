import { lazy, Suspense, type ReactNode } from 'react';
import type { Person } from '../api/types';
import { Broken } from '../app/Broken';
import { useAddress } from '../app/router';
import { ButtonLink } from '../parts/Button';
import { Skeleton } from '../parts/Skeleton';
import { Trouble } from '../parts/Trouble';
import { Missing } from '../screens/missing/Missing';
import { t } from '../text/t';
import { AlertsPage } from './AlertsPage';
import { DeskPage } from './DeskPage';
import { DevicesPage } from './DevicesPage';
import { FloorPage } from './FloorPage';
import { Frame } from './Frame';
import { HistoryPage } from './HistoryPage';
import { useWork, type Work } from './sites';
import './console.css';
import './rows.css';

const PeoplePage = lazy(() => import('./PeoplePage').then((part) => ({ default: part.PeoplePage })));
const PricesPage = lazy(() => import('./PricesPage').then((part) => ({ default: part.PricesPage })));
const TicketsPage = lazy(() => import('./TicketsPage').then((part) => ({ default: part.TicketsPage })));
const VisitsPage = lazy(() => import('./VisitsPage').then((part) => ({ default: part.VisitsPage })));
const PlacesPage = lazy(() => import('./PlacesPage').then((part) => ({ default: part.PlacesPage })));
const OwnersPage = lazy(() => import('./OwnersPage').then((part) => ({ default: part.OwnersPage })));
const UndeliveredPage = lazy(() => import('./UndeliveredPage').then((part) => ({ default: part.UndeliveredPage })));

/** The work of those who run a site. Whoever is no staff is told so, and where to go. */
export function Console({ person }: { person: Person }) {
  const staff = person.role === 'operator' || person.role === 'admin';
  if (!staff) {
    return (
      <main id="main" className="page narrow stack">
        <h1>{t('console.notStaff')}</h1>
        <p className="quiet">{t('console.notStaffText')}</p>
        <ButtonLink href="/" look="primary">{t('missing.home')}</ButtonLink>
      </main>
    );
  }
  return <AtWork person={person} />;
}

function AtWork({ person }: { person: Person }) {
  const work = useWork();
  const { pathname } = useAddress();
  const [, , name = ''] = pathname.split('/');
  const waiting = <div className="console-page"><Skeleton rows={4} height={72} /></div>;
  return (
    <Frame person={person} work={work} here={name === '' ? 'floor' : name}>
      <Broken key={name}>
        <Suspense fallback={waiting}>
          {work.problem !== null && work.sites === null ? <div className="console-page"><Trouble problem={work.problem} retry={work.reload} /></div> : work.sites === null ? waiting : screen(name, work, person)}
        </Suspense>
      </Broken>
    </Frame>
  );
}

function screen(name: string, work: Work, person: Person): ReactNode {
  const admin = person.role === 'admin';
  switch (name) {
    case 'alerts': return <AlertsPage work={work} />;
    case 'devices': return <DevicesPage admin={admin} work={work} />;
    case 'tickets': return <TicketsPage work={work} />;
  }
  if (admin) {
    switch (name) {
      case 'people': return <PeoplePage work={work} />;
      case 'places': return <PlacesPage />;
      case 'locks': return <OwnersPage />;
      case 'messages': return <UndeliveredPage />;
    }
  }
  if (work.site === null) return <NoSites admin={admin} />;
  if (admin && name === 'prices') return <PricesPage key={work.site.id} site={work.site} />;
  switch (name) {
    case '': case 'floor': return <FloorPage key={work.site.id} site={work.site} />;
    case 'history': return <HistoryPage key={work.site.id} site={work.site} />;
    case 'desk': return <DeskPage key={work.site.id} site={work.site} />;
    case 'visits': return <VisitsPage key={work.site.id} siteId={work.site.id} timeZone={work.site.timeZone} />;
    default: return <Missing />;
  }
}

/** The first step of an empty console. */
function NoSites({ admin }: { admin: boolean }) {
  return (
    <div className="console-page">
      <div className="empty">
        <p className="empty-title">{t('console.noSites')}</p>
        <p className="quiet">{admin ? t('console.noSitesAdmin') : t('console.noSitesOperator')}</p>
        {admin && <ButtonLink href="/console/places" look="primary">{t('console.places')}</ButtonLink>}
      </div>
    </div>
  );
}
