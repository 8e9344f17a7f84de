import { useSyncExternalStore } from 'react';

/** The worker that keeps the pages for a time without a network. Asked for last: the first page is not to wait for it. */
export function keepPages(): void {
  if (import.meta.env.DEV || !('serviceWorker' in navigator)) return;
  if (document.readyState === 'complete') void register(attempts);
  else addEventListener('load', () => void register(attempts), { once: true });
  // A page that was being opened while the worker took over was not there yet for it to take, and would have no files without a network.
  void navigator.serviceWorker.ready.then(({ active }) => {
    if (navigator.serviceWorker.controller === null) active?.postMessage('take me');
  });
}

/** A bad moment of the network ends an installation, and nobody may open a page anew before they stand in a cellar. */
const attempts = 3;
const pause = 10_000;

async function register(left: number): Promise<void> {
  // Without it everything works as long as there is a network.
  const again = (): void => void (left > 1 && setTimeout(() => void register(left - 1), pause));
  try {
    const registration = await navigator.serviceWorker.register('/sw.js');
    const worker = registration.installing;
    worker?.addEventListener('statechange', () => worker.state === 'redundant' && registration.active === null && again());
  } catch {
    again();
  }
}

/** The browser's own question, kept until the person asks for it. Not every browser has one: there it is in the browser's menu. */
interface InstallPrompt extends Event { prompt: () => Promise<unknown> }

let question: InstallPrompt | null = null;
const listeners = new Set<() => void>();

function set(next: InstallPrompt | null): void {
  question = next;
  for (const listener of listeners) listener();
}

addEventListener('beforeinstallprompt', (event) => {
  event.preventDefault();
  set(event as InstallPrompt);
});
addEventListener('appinstalled', () => set(null));

export function useInstall(): (() => void) | null {
  const asked = useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => question,
  );
  return asked === null ? null : () => { void asked.prompt().finally(() => set(null)); };
}
