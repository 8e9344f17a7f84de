import { t } from '../../text/t';
import './Keypad.css';

const keys = '123A456B789C*0#D';
const names: Record<string, () => string> = { '*': () => t('demo.keyBack'), '#': () => t('demo.keyOk'), A: () => t('demo.keyLanguage'), C: () => t('demo.keyLeave') };

/** Sixteen keys, as on the pad. Digits, Enter and Backspace of a keyboard press them too while one of them has the focus. */
export function Keypad({ onKey }: { onKey: (key: string) => void }) {
  return (
    <div
      className="keypad" role="group" aria-label={t('demo.keypad')}
      onKeyDown={(event) => {
        const key = event.key === 'Enter' && !(event.target instanceof HTMLButtonElement) ? '#' : event.key === 'Backspace' ? '*' : event.key;
        if (key.length !== 1 || !keys.includes(key) || event.ctrlKey || event.metaKey || event.altKey) return;
        event.preventDefault();
        onKey(key);
      }}
    >
      {[...keys].map((key) => (
        <button key={key} type="button" data-kind={/\d/.test(key) ? 'digit' : 'other'} aria-label={names[key] === undefined ? key : `${key} ${names[key]()}`} onClick={() => onKey(key)}>
          <span aria-hidden="true">{key}</span>
        </button>
      ))}
    </div>
  );
}
