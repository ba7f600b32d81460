-- A booking with nothing around it: the least that the engine's promises ask of PostgreSQL.
--
-- The lock of one service day, two reads, one statement that writes booking and event and raises the counters. It asks
-- no policy, keeps no decision, answers nobody. Isolation comes from PGOPTIONS; what was disturbed is tried again.
-- `first_day` and `first_restaurant` are ids: those of the other houses follow, a day for each of `dates` between two.
\set house random(0, :houses - 1)
\set day :first_day + :house * :dates
\set restaurant :first_restaurant + :house
\set quarter random(0, 18)
\set party random(1, 8)

BEGIN;

SELECT starts_at, max_covers, booked_covers, max_parties, booked_parties, version
FROM capacity_serviceday WHERE id = :day FOR NO KEY UPDATE;

SELECT id, starts_at, pacing_covers, starting_covers, occupancy_covers, present_covers
FROM booking_slots
WHERE restaurant_id = :restaurant
  AND starts_at > :opening::timestamptz + (:quarter - 6) * interval '15 minutes'
  AND starts_at < :opening::timestamptz + (:quarter + 6) * interval '15 minutes';

SELECT clock_timestamp(), (SELECT enforced FROM capacity_enforcementswitch WHERE id = 1);

WITH stay AS (
    SELECT :opening::timestamptz + :quarter * interval '15 minutes' AS starts_at,
           :opening::timestamptz + (:quarter + 6) * interval '15 minutes' AS ends_at
), day AS (
    UPDATE capacity_serviceday
    SET booked_covers = booked_covers + :party, booked_parties = booked_parties + 1, version = version + 1
    WHERE id = :day
    RETURNING id, restaurant_id, business_date
), slots AS (
    UPDATE booking_slots
    SET present_covers = present_covers + :party,
        present_parties = present_parties + 1,
        starting_covers = starting_covers + CASE WHEN booking_slots.starts_at = stay.starts_at THEN :party ELSE 0 END,
        starting_parties = starting_parties + CASE WHEN booking_slots.starts_at = stay.starts_at THEN 1 ELSE 0 END,
        version = version + 1
    FROM stay
    WHERE restaurant_id = :restaurant AND booking_slots.starts_at < stay.ends_at AND booking_slots.ends_at > stay.starts_at
), booking AS (
    INSERT INTO bookings_booking (
        public_id, reference, restaurant_id, service_day_id, business_date, wall_time, starts_at, ends_at, turn_minutes,
        buffer_minutes, party_size, status, source, seating, guest_name, guest_email, guest_phone, notes,
        marketing_opt_in, version, token_generation, idempotency_key, request_hash, created_at, updated_at
    )
    SELECT key, left(replace(key::text, '-', ''), 10), restaurant_id, day.id, business_date, (starts_at AT TIME ZONE 'UTC')::time,
           starts_at, ends_at, 90, 0, :party::int, 'confirmed', 'web', '', 'Ada Lovelace', 'ada@example.com',
           '+442079460018', '', false, 1, 1, key::text, '', now(), now()
    FROM day, stay, LATERAL (SELECT gen_random_uuid() AS key) AS keys
    RETURNING id, restaurant_id
)
INSERT INTO bookings_bookingevent (restaurant_id, booking_id, kind, actor_label, to_value, reason, created_at)
SELECT restaurant_id, id, 'created', 'guest', '{"status": "confirmed"}', '', now() FROM booking;

COMMIT;
