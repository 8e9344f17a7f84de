import type { SandboxCard } from '../../api/types';
import { maybe, t } from '../../text/t';
import './CardChoice.css';

interface CardChoiceProps { cards: SandboxCard[]; value: string; onChoose: (number: string) => void }

/** The sandbox's test cards: what each will do stands on it. */
export function CardChoice({ cards, value, onChoose }: CardChoiceProps) {
  return (
    <fieldset className="cards">
      <legend>{t('checkout.cards')}</legend>
      {cards.map((card) => (
        <label key={card.number} className="card-option">
          <input type="radio" name="card" value={card.number} checked={card.number === value} onChange={() => onChoose(card.number)} />
          <span className="card-chip" aria-hidden="true" />
          <span className="card-words">
            <strong>{maybe(`checkout.effect.${card.effect}`) ?? card.label}</strong>
            <span className="num">{card.number.replace(/(.{4})(?=.)/g, '$1 ')}</span>
          </span>
        </label>
      ))}
    </fieldset>
  );
}
