/** Days and spans. */
export const time = {
  'time.yesterday': 'Yesterday',
  'time.today.long': 'Today, {day}',
  'time.minutes': '{count, plural, one {# minute} other {# minutes}}',
  'time.hours': '{count, plural, one {# hour} other {# hours}}',
  'time.weeks': '{count, plural, one {# week} other {# weeks}}',
  'time.days': '{count, plural, one {# day} other {# days}}',
  'time.seconds': '{count, plural, one {# second} other {# seconds}}',
} as const;
