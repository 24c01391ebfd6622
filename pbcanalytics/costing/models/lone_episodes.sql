-- One row per episode that shares its hint with no other: a spell of one episode.
SELECT episode_id, provider_code || '|' || stay AS spell_id, 1 AS sequence,
       person_id, provider_code, practice_code, commissioner_code, specialty_code,
       admission_date, admission_method, admission_source, patient_class, intended_management,
       administrative_category, episode_start, episode_order, episode_end, discharge_date,
       discharge_destination, age_years, sex, critical_care_days, rehabilitation_days,
       palliative_days, hrg, unbundled_hrgs, specialised_codes, spell_number, has_procedure
FROM given_episodes AS g
WHERE NOT EXISTS (SELECT 1 FROM shared_hints AS h
                  WHERE h.provider_code = g.provider_code AND h.stay_hint = g.stay_hint)
