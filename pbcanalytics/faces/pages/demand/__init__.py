"""The page of referrals and demand."""
