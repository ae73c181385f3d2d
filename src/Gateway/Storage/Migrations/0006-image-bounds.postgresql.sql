-- How many images one request may have is for its model to say. The store refuses only what no model can mean.
alter table reservation drop constraint reservation_images_check;
alter table reservation add constraint reservation_images_check check (images >= 1);
