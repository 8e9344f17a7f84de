import { useState } from 'react';
import { Clock, Moon } from 'lucide-react';
import { keepQuery } from '../../app/router';
import { features as all, type Feature } from '../../api/types';
import { featureWords } from '../../parts/featureWords';
import { Toggles } from '../../parts/Toggles';
import { t } from '../../text/t';

export type Open = 'now' | 'always' | undefined;

/** When the place must be open and what the locker must have. The choice stands in the address, like every other. */
export function Wishes({ open, features }: { open: Open; features: Feature[] }) {
  const opening = (value: Open) => ({ on: open === value, onPress: () => keepQuery({ open: open === value ? null : (value ?? null) }) });
  // On a phone the row is longer than the screen: what was wished for already stands where it is seen. It does not move under a finger later.
  const [first] = useState<string[]>([...(open === undefined ? [] : [open]), ...features]);
  const place = (name: string): number => (first.includes(name) ? 0 : 1);
  return (
    <Toggles label={t('find.must')} toggles={[
      { name: 'now', ...opening('now'), text: <><Clock size={16} aria-hidden="true" />{t('find.now')}</> },
      { name: 'always', ...opening('always'), text: <><Moon size={16} aria-hidden="true" />{t('find.always')}</> },
      ...all.map((each) => {
        const { icon: Icon, name } = featureWords(each);
        const on = features.includes(each);
        const next = all.filter((one) => (one === each ? !on : features.includes(one)));
        return { name: each, on, onPress: () => keepQuery({ features: next.join() }), text: <><Icon size={16} aria-hidden="true" />{name}</> };
      }),
    ].sort((a, b) => place(a.name) - place(b.name))} />
  );
}

export function readOpen(query: URLSearchParams): Open {
  const value = query.get('open');
  return value === 'now' || value === 'always' ? value : undefined;
}
