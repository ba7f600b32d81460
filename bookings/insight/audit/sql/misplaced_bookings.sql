-- Live bookings whose service day is of another date or restaurant: they count where nobody looks.
SELECT
    b.restaurant_id, b.business_date, b.id AS booking_id, b.reference, b.party_size,
    d.id AS service_day_id, d.restaurant_id AS service_day_restaurant_id, d.business_date AS service_day_date
FROM bookings_booking AS b
INNER JOIN capacity_serviceday AS d ON b.service_day_id = d.id
WHERE
    b.restaurant_id = ANY(%(restaurant_ids)s)
    AND b.status IN ('held', 'confirmed', 'arrived', 'seated', 'completed')
    AND (b.business_date BETWEEN %(from_date)s AND %(to_date)s OR d.business_date BETWEEN %(from_date)s AND %(to_date)s)
    AND (%(service_day_ids)s::bigint [] IS NULL OR b.service_day_id = ANY(%(service_day_ids)s))
    AND (b.business_date <> d.business_date OR b.restaurant_id <> d.restaurant_id)
ORDER BY b.restaurant_id, b.business_date, b.id
