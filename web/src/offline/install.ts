import { useSyncExternalStore } from 'react';

/** The worker that keeps the pages for a time without a network. Asked for last: the first page is not to wait for it. */
export function keepPages(): void {
  if (import.meta.env.DEV || !('serviceWorker' in navigator)) return;
  const register = (): void => void navigator.serviceWorker.register('/sw.js').catch(() => {
    // Without it everything works as long as there is a network.
  });
  if (document.readyState === 'complete') register();
  else addEventListener('load', register, { once: true });
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
