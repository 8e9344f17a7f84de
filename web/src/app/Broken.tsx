import { Component, type ReactNode } from 'react';
import { Button } from '../parts/Button';
import { t } from '../text/t';
import { Page } from './Page';

/** When the application itself fails, or a part of it cannot be fetched after an update: say so, and offer to load it anew. */
export class Broken extends Component<{ children: ReactNode }, { broken: boolean }> {
  override state = { broken: false };

  static getDerivedStateFromError(): { broken: boolean } {
    return { broken: true };
  }

  override render(): ReactNode {
    if (!this.state.broken) return this.props.children;
    return (
      <Page title={t('broken.title')} className="narrow stack">
        <p className="quiet">{t('broken.text')}</p>
        <Button look="primary" wide onClick={() => location.reload()}>{t('broken.reload')}</Button>
      </Page>
    );
  }
}
