import { Page } from '../../app/Page';
import { ButtonLink } from '../../parts/Button';
import { Door } from '../../parts/Door';
import { t } from '../../text/t';
import './Missing.css';

/** Nothing here: an open, empty locker, and the way home. */
export function Missing({ what }: { what?: string }) {
  return (
    <Page title={t('missing.title')} className="narrow missing">
      <p className="quiet">{what ?? t('missing.page')}</p>
      <ButtonLink look="primary" wide href="/">{t('missing.home')}</ButtonLink>
      <div className="missing-door" aria-hidden="true">
        <div><Door hero label="403" size="M" look="plain" /></div>
        <div className="open"><Door hero label="404" size="M" look="yours" open /></div>
        <div><Door hero label="405" size="M" look="plain" /></div>
      </div>
    </Page>
  );
}
