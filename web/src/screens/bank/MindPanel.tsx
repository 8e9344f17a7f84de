import { useState } from 'react';
import { ChevronDown, RotateCw } from 'lucide-react';
import { api } from '../../api/endpoints';
import { useResource } from '../../api/useResource';
import { Button } from '../../parts/Button';
import { Skeleton } from '../../parts/Skeleton';
import { Trouble } from '../../parts/Trouble';
import { t } from '../../text/t';
import './MindPanel.css';

/** What the controller itself thinks: its last state, what it remembers of credentials, and the end of its journal. */
export function MindPanel({ bankId }: { bankId: string }) {
  const [open, setOpen] = useState(false);
  const mind = useResource(open ? `mind/${bankId}` : null, (signal) => api.mind(bankId, signal));
  return (
    <section className="panel mind" aria-labelledby="mind-panel">
      <h2 id="mind-panel">
        <button type="button" aria-expanded={open} onClick={() => setOpen(!open)}>
          {t('demo.mind')} <ChevronDown size={20} aria-hidden="true" />
        </button>
      </h2>
      {open && (mind.data === null
        ? mind.problem === null ? <Skeleton rows={1} height={160} /> : <Trouble problem={mind.problem} retry={mind.reload} />
        : (
          <>
            <Lines name={t('demo.mindState')} lines={mind.data.state === null ? [] : [pretty(mind.data.state)]} />
            <Lines name={t('demo.mindGrants')} lines={mind.data.credentials} />
            <Lines name={t('demo.mindJournal')} lines={[...mind.data.journal].reverse()} />
            <Button icon={<RotateCw size={18} aria-hidden="true" />} onClick={mind.reload}>{t('demo.mindAgain')}</Button>
          </>
        ))}
    </section>
  );
}

function Lines({ name, lines }: { name: string; lines: string[] }) {
  return (
    <div className="mind-part">
      <h3>{name}</h3>
      {lines.length === 0 ? <p className="quiet small">{t('demo.mindNothing')}</p> : <pre tabIndex={0} aria-label={name}>{lines.join('\n')}</pre>}
    </div>
  );
}

function pretty(json: string): string {
  return JSON.stringify(JSON.parse(json), null, 1).replace(/\n\s*/g, ' ');
}
