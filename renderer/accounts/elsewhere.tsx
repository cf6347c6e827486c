import type { ReactNode } from 'react';
import { networkFacts } from '../label/network-facts.ts';
import { say, words } from '../words.ts';
import styles from './elsewhere.module.css';

/** Networks that cannot be added, each with why, since when that is known and from where. */
export function Elsewhere(): ReactNode {
  const rows = networkFacts.unreachable;
  return (
    <section className={styles['elsewhere']}>
      <h2 id="elsewhere">{say('elsewhere.title')}</h2>
      <p>{say('elsewhere.sub')}</p>
      <table aria-labelledby="elsewhere">
        <thead>
          <tr>
            <th scope="col">{say('elsewhere.name')}</th>
            <th scope="col">{say('elsewhere.why')}</th>
            <th scope="col">{say('elsewhere.asOf')}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ id, is, asOf }) => (
            <tr key={id}>
              <th scope="row">{say(`elsewhere.${id}`)}</th>
              <td>
                <b>{say(`elsewhere.${is}`)}</b> {say(`elsewhere.${id}.why`)}
              </td>
              <td>{words.day(asOf)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <details>
        <summary>{say('elsewhere.sources')}</summary>
        <dl>
          {rows.map(({ id, sources }) => (
            <div key={id}>
              <dt>{say(`elsewhere.${id}`)}</dt>
              {sources.map((source) => (
                <dd key={source}>{source}</dd>
              ))}
            </div>
          ))}
        </dl>
      </details>
    </section>
  );
}
