import type { ReactNode } from 'react';
import { Bell, CircleUserRound, History, LogIn, MapPin } from 'lucide-react';
import { LiveDot } from '../parts/LiveDot';
import { Mark } from '../parts/Mark';
import { useUnread } from '../screens/messages/useUnread';
import { usePerson } from '../session/useSession';
import { t, tn } from '../text/t';
import { Link } from './Link';
import { useAddress } from './router';
import './Shell.css';

/** The frame around every page but the payment provider's. */
export function Shell({ children }: { children: ReactNode }) {
  const person = usePerson();
  const { pathname, search } = useAddress();
  const entering = ['/login', '/signup', '/forgot'].includes(pathname);
  const login = entering ? `/login${search}` : `/login?next=${encodeURIComponent(pathname + search)}`;
  return (
    <>
      <a className="skip" href="#main">{t('nav.skip')}</a>
      <header className="shell-head">
        <div>
          <Link href="/" className="shell-home"><Mark /><span>Latchkey</span></Link>
          <LiveDot />
          <nav aria-label={t('nav.main')}>
            <NavLink href="/" here={pathname === '/'} icon={<MapPin size={20} aria-hidden="true" />}>{t('nav.find')}</NavLink>
            {person !== null && <NavLink href="/history" here={pathname === '/history'} icon={<History size={20} aria-hidden="true" />}>{t('nav.history')}</NavLink>}
            {person !== null && <MessagesLink here={pathname.startsWith('/messages')} />}
            {person !== null && <NavLink href="/account" here={pathname === '/account'} icon={<CircleUserRound size={20} aria-hidden="true" />}>{t('nav.account')}</NavLink>}
            {person === null && <NavLink href={login} here={entering} icon={<LogIn size={20} aria-hidden="true" />}>{t('nav.login')}</NavLink>}
          </nav>
        </div>
      </header>
      <main id="main" tabIndex={-1}>{children}</main>
      <footer className="shell-foot">
        <div>
          <p>{t('footer.about')}</p>
          <a href="/docs">{t('footer.api')}</a>
        </div>
      </footer>
    </>
  );
}

function MessagesLink({ here }: { here: boolean }) {
  const unread = useUnread();
  return (
    <Link href="/messages" aria-current={here ? 'page' : undefined}>
      <span className="shell-bell"><Bell size={20} aria-hidden="true" />{unread > 0 && <b aria-hidden="true">{unread > 9 ? '9+' : unread}</b>}</span>
      <span>{t('nav.messages')}{unread > 0 && <span className="hidden"> ({tn('messages.unread', unread)})</span>}</span>
    </Link>
  );
}

function NavLink({ href, here, icon, children }: { href: string; here: boolean; icon: ReactNode; children: string }) {
  return <Link href={href} aria-current={here ? 'page' : undefined}>{icon}<span>{children}</span></Link>;
}
