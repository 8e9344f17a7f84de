import { useEffect, useLayoutEffect, useRef, useState, type KeyboardEvent } from 'react';
import { Maximize2 } from 'lucide-react';
import type { Position } from '../../api/endpoints';
import type { SiteSummary, Size } from '../../api/types';
import { siteState } from '../../parts/siteState';
import { t, tn } from '../../text/t';
import { type Box, pins, type Pin, view } from './layout';
import { MapGround } from './MapGround';
import { MapStreets } from './MapStreets';
import './CityMap.css';

interface CityMapProps {
  sites: SiteSummary[];
  size: Size | null;
  here: Position | null;
  active: string | null;
  label: string;
  onActive: (siteId: string | null) => void;
  onCity: (city: string) => void;
}

/** The sites by their true positions, with distances; on streets where an address for them is set. */
export function CityMap({ sites, size, here, active, label, onActive, onCity }: CityMapProps) {
  const frame = useRef<HTMLDivElement>(null);
  const box = useBox(frame);
  const [zoom, setZoom] = useState<string[] | null>(null);
  const [stop, setStop] = useState(0);
  const everything = sites.map((site) => site.id).join();
  useEffect(() => setZoom(null), [everything]);

  const around = zoom === null ? sites : sites.filter((site) => zoom.includes(site.id));
  const scene = box === null || around.length === 0 ? null : view(zoom === null && here !== null && near(here, around) ? [...around, here] : around, box);
  const shown = scene === null || box === null ? [] : inside(pins(sites, scene), box);

  const several = new Set(sites.map((site) => site.city)).size > 1;

  const press = (pin: Pin): void => {
    const [first] = pin.sites;
    if (first === undefined) return;
    if (pin.sites.length === 1) return onActive(first.id === active ? null : first.id);
    const cities = new Set(pin.sites.map((site) => site.city));
    if (cities.size === 1 && several) return onCity(first.city);
    setZoom(pin.sites.map((site) => site.id));
  };

  const step = (event: KeyboardEvent): void => {
    const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (by === undefined || shown.length === 0) return;
    event.preventDefault();
    const next = (stop + by + shown.length) % shown.length;
    setStop(next);
    frame.current?.querySelectorAll<HTMLElement>('.pin')[next]?.focus();
  };

  return (
    <div ref={frame} className={`city-map ${shown.length <= FEW ? 'few' : ''}`} role="group" aria-label={label} onKeyDown={step}>
      {scene !== null && box !== null && <><MapStreets scene={scene} box={box} /><MapGround scene={scene} box={box} here={here} /></>}
      {shown.map((pin, index) => (
        <PinButton
          key={pin.sites.map((site) => site.id).join()} pin={pin} size={size} named={several} reachable={index === Math.min(stop, shown.length - 1)}
          active={pin.sites.some((site) => site.id === active)}
          onFocus={() => setStop(index)} onPress={() => press(pin)}
        />
      ))}
      {zoom !== null && (
        <button type="button" className="map-whole" onClick={() => setZoom(null)}><Maximize2 size={16} aria-hidden="true" />{t('map.whole')}</button>
      )}
    </div>
  );
}

/** With so few pins there is room for their names. */
const FEW = 8;

interface PinButtonProps { pin: Pin; size: Size | null; named: boolean; active: boolean; reachable: boolean; onFocus: () => void; onPress: () => void }

function PinButton({ pin, size, named, active, reachable, onFocus, onPress }: PinButtonProps) {
  const [site] = pin.sites;
  if (site === undefined) return null;
  const style = { left: pin.x, top: pin.y };
  const common = { type: 'button' as const, style, tabIndex: reachable ? 0 : -1, onFocus, onClick: onPress };
  if (pin.sites.length > 1) {
    const cities = new Set(pin.sites.map((each) => each.city));
    const text = tn('map.places', pin.sites.length);
    return <button {...common} className={`pin group ${active ? 'active' : ''}`}><span>{named && cities.size === 1 ? `${site.city}, ${text}` : text}</span></button>;
  }
  const { icon: Icon, word, tone } = siteState(site, size);
  return (
    <button {...common} className={`pin tone-${tone} ${active ? 'active' : ''}`} aria-pressed={active} aria-label={`${word} ${site.name}`}>
      <span><Icon size={14} aria-hidden="true" /> {word}</span>{' '}
      <b className="pin-name">{site.name}</b>
    </button>
  );
}

function inside(all: Pin[], { width, height }: Box): Pin[] {
  return all.filter(({ x, y }) => x > 12 && x < width - 12 && y > 12 && y < height - 4).sort((a, b) => a.y - b.y || a.x - b.x);
}

/** Somebody in another city must not shrink this one to a dot. */
function near(here: Position, sites: SiteSummary[]): boolean {
  return sites.some((site) => Math.hypot(site.latitude - here.latitude, site.longitude - here.longitude) < 0.15);
}

function useBox(frame: { current: HTMLDivElement | null }): Box | null {
  const [box, setBox] = useState<Box | null>(null);
  useLayoutEffect(() => {
    if (frame.current === null) return;
    const observer = new ResizeObserver(([entry]) => {
      if (entry !== undefined) setBox({ width: entry.contentRect.width, height: entry.contentRect.height });
    });
    observer.observe(frame.current);
    return () => observer.disconnect();
  }, [frame]);
  return box;
}
