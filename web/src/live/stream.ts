import { EventParser, type ServerEvent } from './sse';

/** The server sends an event every 10 s: silence longer than this means a dead line, whatever TCP still believes. */
const silence = 25_000;
const shortest = 500;
const longest = 15_000;

export type StreamState = 'connecting' | 'live' | 'broken';
interface StreamPort {
  url: () => string;
  token: () => Promise<string | null>;
  /** The token was refused; get another before the next try. */
  refused: () => void;
  heard: (event: ServerEvent) => void;
  state: (state: StreamState) => void;
}

/** One stream of server-sent events that keeps coming back, from where it stopped, until it is closed. */
export class Stream {
  #stop = new AbortController();
  #closed = false;
  #tries = 0;
  #lastId: string | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly port: StreamPort) {
    void this.#connect();
  }

  /** Connects anew at once: for other topics, another person, or a network that has come back. */
  restart({ forget = false } = {}): void {
    if (this.#closed) return;
    if (forget) this.#lastId = null;
    this.#tries = 0;
    clearTimeout(this.#timer);
    this.#stop.abort();
    this.#stop = new AbortController();
    void this.#connect();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#stop.abort();
  }

  async #connect(): Promise<void> {
    const mine = this.#stop;
    if (this.#tries === 0) this.port.state('connecting');
    try {
      await this.#read(mine);
    } catch {
      // Every way to fail ends in the same place: try again a little later.
    }
    if (this.#closed || mine.signal.aborted && this.#stop !== mine) return;
    this.#stop = new AbortController();
    this.port.state('broken');
    this.#timer = setTimeout(() => void this.#connect(), this.#pause());
  }

  async #read(mine: AbortController): Promise<void> {
    let watchdog = setTimeout(() => mine.abort(), silence);
    try {
      const headers = new Headers({ Accept: 'text/event-stream' });
      const token = await this.port.token();
      if (token !== null) headers.set('Authorization', `Bearer ${token}`);
      if (this.#lastId !== null) headers.set('Last-Event-ID', this.#lastId);
      const response = await fetch(this.port.url(), { headers, signal: mine.signal, cache: 'no-store' });
      if (response.status === 401) this.port.refused();
      if (!response.ok || response.body === null) return;

      const parser = new EventParser((event) => {
        if (event.id !== null) this.#lastId = event.id;
        this.port.heard(event);
      });
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      this.port.state('live');
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        this.#tries = 0;
        clearTimeout(watchdog);
        watchdog = setTimeout(() => mine.abort(), silence);
        parser.feed(value);
      }
    } finally {
      clearTimeout(watchdog);
    }
  }

  /** Doubling, with jitter: a thousand phones must not come back in the same second. */
  #pause(): number {
    const ceiling = Math.min(longest, shortest * 2 ** this.#tries);
    this.#tries += 1;
    return ceiling * (0.5 + Math.random() / 2);
  }
}
