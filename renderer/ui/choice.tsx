import { Radio } from '@base-ui/react/radio';
import { RadioGroup } from '@base-ui/react/radio-group';
import { useId, type ReactNode } from 'react';
import styles from './choice.module.css';

/** One of a few, all of them in sight. */
export function Choice<T extends string>({
  label,
  means,
  value,
  options,
  onChange,
}: {
  readonly label: string;
  readonly means?: string;
  readonly value: T;
  readonly options: readonly { readonly value: T; readonly label: string }[];
  readonly onChange: (value: T) => void;
}): ReactNode {
  const id = useId();
  return (
    <div className={styles['choice']}>
      <span className={styles['label']} id={id}>
        {label}
      </span>
      <RadioGroup
        className={styles['set']}
        aria-labelledby={id}
        value={value}
        onValueChange={(chosen) => {
          const option = options.find((each) => each.value === chosen);
          if (option) onChange(option.value);
        }}
      >
        {options.map((option) => (
          <label key={option.value} className={styles['option']}>
            <Radio.Root className={styles['dot']} value={option.value} />
            {option.label}
          </label>
        ))}
      </RadioGroup>
      {means === undefined ? null : <p className={styles['means']}>{means}</p>}
    </div>
  );
}
