import './Bolt.css';

export type BoltLook = 'locked' | 'unlocked' | 'open' | 'unknown';

interface BoltProps { look: BoltLook; stale: boolean; name: string }

/** A door's edge and its frame from the side, with the bolt between them. What nobody knows is drawn dashed, what is old is drawn faint. */
export function Bolt({ look, stale, name }: BoltProps) {
  return (
    <svg className="bolt" data-look={look} data-stale={stale} viewBox="0 0 320 180" role="img" aria-label={name}>
      <g className="bolt-door">
        <rect x="12" y="14" width="150" height="152" rx="8" className="bolt-leaf" />
        <rect x="96" y="58" width="66" height="64" rx="6" className="bolt-case" />
        <circle cx="44" cy="90" r="15" className="bolt-knob" />
        <rect x="112" y="76" width="84" height="28" rx="5" className="bolt-bar" />
      </g>
      <path d="M308 14 h-112 a8 8 0 0 0 -8 8 v50 h44 v36 h-44 v50 a8 8 0 0 0 8 8 h112 z" className="bolt-frame" />
    </svg>
  );
}
