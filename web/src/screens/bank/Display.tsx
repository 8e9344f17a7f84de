import type { Cabinet } from '../../api/types';
import { t, tn } from '../../text/t';
import './Display.css';

/** The small screen at the cabinet's side: what the controller itself knows and says. */
export function Display({ cabinet, name }: { cabinet: Cabinet; name: string }) {
  const open = cabinet.doors.filter((door) => door.open).length;
  const jammed = cabinet.doors.filter((door) => door.jammed).length;
  return (
    <section className="display" aria-label={t('demo.display')} data-off={!cabinet.powered}>
      {cabinet.powered
        ? (
          <>
            <p className="display-name">{name}</p>
            <p className="display-state">{cabinet.connected ? t('demo.connected') : cabinet.networked ? t('demo.connecting') : t('demo.noNetwork')}</p>
            <p className="num">{open === 0 ? t('demo.allShut') : tn('demo.openDoors', open)}{jammed > 0 && `, ${tn('demo.jammedDoors', jammed)}`}</p>
            <p className="display-id">{cabinet.device}</p>
          </>
        )
        : <p className="display-name">{t('demo.dark')}</p>}
    </section>
  );
}
