import { useState } from 'react';
import { LogOut, Monitor, Moon, Sun } from 'lucide-react';
import { api } from '../../api/endpoints';
import type { Person } from '../../api/types';
import { chooseLanguage } from '../../app/language';
import { Page } from '../../app/Page';
import { go } from '../../app/router';
import { chooseTheme, type Theme, useTheme } from '../../app/theme';
import { Button } from '../../parts/Button';
import { Chips } from '../../parts/Chips';
import { Facts } from '../../parts/Facts';
import { keepSession, session } from '../../session/store';
import { currentLanguage, type Language, languages, t } from '../../text/t';
import './AccountPage.css';

export function AccountPage({ person }: { person: Person }) {
  const theme = useTheme();
  const [leaving, setLeaving] = useState(false);

  const signOut = async (): Promise<void> => {
    setLeaving(true);
    const known = session();
    try {
      if (known !== null) await api.logOut(known.refreshToken);
    } catch {
      // Signed out here in any case; the token that could not be revoked dies by itself.
    }
    keepSession(null);
    go('/', { replace: true });
  };

  return (
    <Page title={t('account.title')} className="middle stack account">
      <section className="panel" aria-labelledby="account-you">
        <h2 id="account-you">{t('account.you')}</h2>
        <Facts rows={[[t('field.name'), person.name], [t('field.email'), person.email]]} />
      </section>
      <section className="panel" aria-labelledby="account-look">
        <h2 id="account-look">{t('account.theme')}</h2>
        <Chips<Theme>
          label={t('account.theme')} value={theme} onChoose={chooseTheme}
          chips={[
            { value: 'system', text: <><Monitor size={18} aria-hidden="true" />{t('theme.system')}</> },
            { value: 'light', text: <><Sun size={18} aria-hidden="true" />{t('theme.light')}</> },
            { value: 'dark', text: <><Moon size={18} aria-hidden="true" />{t('theme.dark')}</> },
          ]}
        />
        <h2>{t('account.language')}</h2>
        <Chips<Language>
          label={t('account.language')} value={currentLanguage()} onChoose={(next) => void chooseLanguage(next)}
          chips={(Object.keys(languages) as Language[]).map((value) => ({ value, text: <span lang={value}>{languages[value]}</span> }))}
        />
      </section>
      <Button busy={leaving} icon={<LogOut size={20} aria-hidden="true" />} onClick={() => void signOut()}>{t('account.signOut')}</Button>
    </Page>
  );
}
