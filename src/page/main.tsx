import { render } from 'preact';
import { LocationProvider } from 'preact-iso/router';
import { App } from './app.js';

/** Links to what else this listener serves, such as /docs, are left to the browser. */
const VIEWS = /^\/($|\?|now|sessions|delivery|budget|webhooks|set-up)/;

const place = document.getElementById('page');
if (place !== null) {
  render(
    <LocationProvider scope={VIEWS}>
      <App />
    </LocationProvider>,
    place,
  );
}
