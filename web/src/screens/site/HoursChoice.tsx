import { Minus, Plus } from 'lucide-react';
import { Chips } from '../../parts/Chips';
import { t, tn } from '../../text/t';
import { mostHours } from './choice';
import './HoursChoice.css';

interface HoursChoiceProps { value: number; onChoose: (hours: number) => void }

const usual = [1, 3, 6, 12, 24];

export function HoursChoice({ value, onChoose }: HoursChoiceProps) {
  return (
    <fieldset className="hours-choice">
      <legend>{t('book.hours')}</legend>
      <div className="hours-step">
        <button type="button" aria-label={t('book.less')} disabled={value <= 1} onClick={() => onChoose(value - 1)}><Minus size={20} aria-hidden="true" /></button>
        <output className="num" aria-live="polite">{tn('book.nHours', value)}</output>
        <button type="button" aria-label={t('book.longer')} disabled={value >= mostHours} onClick={() => onChoose(value + 1)}><Plus size={20} aria-hidden="true" /></button>
      </div>
      <Chips label={t('book.usual')} value={value} onChoose={onChoose} chips={usual.map((hours) => ({ value: hours, text: t('book.shortHours', { n: hours })}))} />
    </fieldset>
  );
}
