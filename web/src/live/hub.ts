import { base } from '../api/client-base';
import type { LiveEvent } from '../api/types';
import type { ToHub, ToPage, Topics } from './messages';
import type { ServerEvent } from './sse';
import { Stream, type StreamState } from './stream';

interface Listener { post: (message: ToPage) => void }
interface Page { topics: Topics; who: string | null; seen: number; waiting: ((token: string | null) => void)[] }

/** A page that has said nothing for so long is gone: ports do not tell when their tab closes or crashes. */
const gone = 150_000;

/** As many of each as the server follows for one stream; asked for more, it would refuse all of them. */
const most = 50;

/** The one stream of this browser, shared by all its pages. Runs in a SharedWorker, or in the page where there is none. */
export class Hub {
  #pages = new Map<Listener, Page>();
  #stream: Stream | null = null;
  #url = '';
  #who: string | null = null;
  #asked: Required<Topics> = { sites: [], floors: [] };
  #state: StreamState | 'idle' = 'idle';
  #since = Date.now();
  #refused = false;
  #settling: ReturnType<typeof setTimeout> | undefined;

  take(from: Listener, message: ToHub): void {
    if (message.say === 'bye') {
      this.#pages.delete(from);
      return this.#settle();
    }
    if (message.say === 'retry') {
      if (this.#state !== 'live') this.#stream?.restart();
      return;
    }
    if (message.say === 'token') {
      const page = this.#pages.get(from);
      for (const give of page?.waiting.splice(0) ?? []) give(message.token);
      return;
    }
    const known = this.#pages.get(from);
    this.#pages.set(from, { topics: message.topics, who: message.who, seen: Date.now(), waiting: known?.waiting ?? [] });
    if (known === undefined) from.post({ say: 'state', state: this.#state, since: this.#since });
    this.#settle();
  }

  /** Pages change their topics in bursts while they load: wait for the burst to end before reconnecting. */
  #settle(): void {
    clearTimeout(this.#settling);
    this.#settling = setTimeout(() => this.#arrange(), 80);
  }

  #arrange(): void {
    const pages = this.#living();
    const sites = [...new Set(pages.flatMap((page) => page.topics.sites))].slice(0, most).sort();
    // Only while somebody is signed in whose floors they are.
    const floors = [...new Set(pages.flatMap((page) => page.who === null ? [] : page.topics.floors ?? []))].slice(0, most).sort();
    const who = pages.map((page) => page.who).find((name) => name !== null) ?? null;

    if (sites.length === 0 && who === null) {
      this.#stream?.close();
      this.#stream = null;
      this.#url = '';
      return this.#tell('idle');
    }
    const enough = who === this.#who && sites.every((id) => this.#asked.sites.includes(id)) && floors.every((id) => this.#asked.floors.includes(id));
    if (this.#stream !== null && enough) return;

    const query = new URLSearchParams([...sites.map((id) => ['site', id]), ...floors.map((id) => ['floor', id])] as [string, string][]);
    this.#url = `${base}/live?${query.toString()}`;
    const forget = who !== this.#who;
    this.#asked = { sites, floors };
    this.#who = who;
    if (this.#stream === null) this.#stream = this.#opened();
    else this.#stream.restart({ forget });
  }

  #opened(): Stream {
    return new Stream({
      url: () => this.#url,
      token: async () => {
        const token = await this.#token();
        // Without it the server would tell only what everybody may hear, and this would be called live: rather come back in a moment.
        if (token === null && this.#who !== null) throw new Error('no token yet');
        return token;
      },
      refused: () => { this.#refused = true; },
      heard: (event) => this.#heard(event),
      state: (state) => this.#tell(state),
    });
  }

  /** Tokens belong to the pages, which renew them under a lock; the hub asks one that is signed in. */
  #token(): Promise<string | null> {
    const found = [...this.#pages].filter(([, page]) => page.who !== null).sort(([, a], [, b]) => b.seen - a.seen)[0];
    if (found === undefined) return Promise.resolve(null);
    const [listener, page] = found;
    const refused = this.#refused;
    this.#refused = false;
    return new Promise((resolve) => {
      page.waiting.push(resolve);
      listener.post({ say: 'token-please', refused });
      setTimeout(() => resolve(null), 10_000);
    });
  }

  #heard(event: ServerEvent): void {
    if (event.event === 'hello') {
      const { now } = JSON.parse(event.data) as { now: string };
      return this.#send({ say: 'hello', now });
    }
    // Of the line, not of anything that happened: a heartbeat, and word that the server stops.
    if (event.event === 'beat' || event.event === 'bye') return;
    const body = JSON.parse(event.data) as Omit<LiveEvent, 'event'>;
    this.#send({ say: 'event', event: { ...body, event: event.event } as LiveEvent });
  }

  #tell(state: StreamState | 'idle'): void {
    if (state === this.#state) return;
    // While it is down, "since" stays at the moment the data stopped being fresh.
    if (state === 'live' || state === 'idle' || this.#state === 'live' || this.#state === 'idle') this.#since = Date.now();
    this.#state = state;
    this.#send({ say: 'state', state, since: this.#since });
  }

  #send(message: ToPage): void {
    for (const listener of this.#pages.keys()) listener.post(message);
  }

  #living(): Page[] {
    const now = Date.now();
    for (const [listener, page] of this.#pages) if (now - page.seen > gone) this.#pages.delete(listener);
    return [...this.#pages.values()];
  }
}
