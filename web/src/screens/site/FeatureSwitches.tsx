import type { Feature, Site } from '../../api/types';
import { features } from '../../api/types';
import { featureWords } from '../../parts/featureWords';

/** What the locker must have: only what some locker here has can be asked for. */
export function FeatureSwitches({ site, wanted, onChoose }: { site: Site; wanted: Feature[]; onChoose: (wanted: Feature[]) => void }) {
  return features.filter((each) => site.features.includes(each) || wanted.includes(each)).map((each) => {
    const { icon: Icon, name, hint } = featureWords(each);
    return (
      <label key={each} className="switch">
        <Icon size={20} aria-hidden="true" />
        <span><strong>{name}</strong><span>{hint}</span></span>
        <input type="checkbox" role="switch" checked={wanted.includes(each)} onChange={(event) => onChoose(event.target.checked ? [...wanted, each] : wanted.filter((one) => one !== each))} />
      </label>
    );
  });
}
