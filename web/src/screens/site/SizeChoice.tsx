import { sizes, type Site, type Size } from '../../api/types';
import { money } from '../../format/money';
import { sizeFits, sizeName } from '../../parts/sizeWords';
import { t, tn } from '../../text/t';
import './SizeChoice.css';

interface SizeChoiceProps { site: Site; free: Site['free']; value: Size | null; onChoose: (size: Size) => void }

export function SizeChoice({ site, free: freeNow, value, onChoose }: SizeChoiceProps) {
  const offered = sizes.filter((size) => site.perHour[size] !== undefined);
  return (
    <fieldset className="size-choice">
      <legend>{t('book.size')}</legend>
      <div>
        {offered.map((size) => {
          const price = site.perHour[size];
          const free = freeNow[size] ?? 0;
          return (
            <label key={size} className="size-option">
              <input type="radio" name="size" value={size} checked={size === value} onChange={() => onChoose(size)} />
              <span className={`size-figure size-${size}`} aria-hidden="true"><span /></span>
              <span className="size-words">
                <strong>{sizeName(size)}</strong>
                <span>{sizeFits(size)}</span>
              </span>
              <span className="size-price num">
                {price !== undefined && <strong>{t('site.perHour', { price: money(price) })}</strong>}
                <span data-none={free === 0}>{free === 0 ? t('site.noneFree') : tn('site.free', free)}</span>
              </span>
            </label>
          );
        })}
      </div>
    </fieldset>
  );
}
