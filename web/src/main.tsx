import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import '@fontsource-variable/inter/wght.css';
import '@fontsource-variable/noto-sans-devanagari/wght.css';
import './styles/tokens.css';
import './styles/base.css';
import './app/Page.css';
import { App } from './app/App';
import { startLanguage } from './app/language';
import { keepPages } from './offline/install';

const root = document.getElementById('root');
if (root !== null) {
  await startLanguage();
  createRoot(root).render(<StrictMode><App /></StrictMode>);
  keepPages();
}
