"""The product's addresses and the gallery, which otherwise exists in development only."""

from django.urls import path

from crm_project import urls, views

urlpatterns = [*urls.urlpatterns, path("ui/", views.gallery, name="gallery")]
handler400, handler403 = urls.handler400, urls.handler403
handler404, handler500 = urls.handler404, urls.handler500
