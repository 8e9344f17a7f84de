import { Download, Monitor, Moon, Sun } from 'lucide-react';
import { chooseTheme, type Theme, useTheme } from '../../app/theme';
import { useInstall } from '../../offline/install';
import { Button } from '../../parts/Button';
import { Chips } from '../../parts/Chips';
import { t } from '../../text/t';

export function Look() {
  const install = useInstall();
  return (
    <section className="panel" aria-labelledby="account-look">
      <h2 id="account-look">{t('account.theme')}</h2>
      <Chips<Theme>
        label={t('account.theme')} value={useTheme()} onChoose={chooseTheme}
        chips={[
          { value: 'system', text: <><Monitor size={18} aria-hidden="true" />{t('theme.system')}</> },
          { value: 'light', text: <><Sun size={18} aria-hidden="true" />{t('theme.light')}</> },
          { value: 'dark', text: <><Moon size={18} aria-hidden="true" />{t('theme.dark')}</> },
        ]}
      />
      {install !== null && (
        <>
          <p className="quiet">{t('offline.installText')}</p>
          <Button icon={<Download size={20} aria-hidden="true" />} onClick={install}>{t('offline.install')}</Button>
        </>
      )}
    </section>
  );
}
