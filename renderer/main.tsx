import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app/app.tsx';
import { openHost } from './app/host.ts';
import { startNow } from './app/now.ts';
import { startSession } from './app/session.ts';

const root = document.getElementById('root');
if (!root) throw new Error('the page has no root');
startNow();
startSession(openHost);
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
